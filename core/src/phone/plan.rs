//! Numbering plans: how a number falls into country, area and subscriber.
//!
//! What is here: the length of every country code, and for the countries whose site owners we
//! expect the trunk prefix, the lengths of national numbers and the lengths of area codes. Source
//! of the figures: ITU-T E.164 (country codes) and the national numbering plans filed with the
//! ITU. What is not here: whether a number is in service. A country without a row has no trunk
//! prefix, any length, and an area code of three digits; such numbers are written with `+`.

use super::{Digits, E164, Row};

/// A country calling code: `7`, `375`, `1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CountryCode(u16);

impl CountryCode {
    /// Russia and Kazakhstan.
    pub const RUSSIA: Self = Self(7);

    /// Reads `7`, `+7`, `375`.
    ///
    /// Returns nothing unless `text` is exactly one code of the E.164 plan.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let clean = digits.bytes().all(|byte| byte.is_ascii_digit());
        let code = Self::from_row(Row::read(digits.chars()));
        code.filter(|_| clean)
    }

    /// The code that `digits` are; nothing unless they are exactly one.
    pub fn from_row(digits: Row) -> Option<Self> {
        let zeros = Row::new(0, 2);
        let good = digits.value() > 0 && digits.len() == code_len(digits.joined(zeros));
        good.then_some(Self(digits.value() as u16))
    }

    /// The code as an integer.
    pub const fn as_u16(self) -> u16 {
        self.0
    }

    /// The plan of the country, or the plan of no particular one.
    pub fn plan(self) -> &'static Plan {
        PLANS
            .iter()
            .find(|plan| plan.code == self.0)
            .unwrap_or(&UNKNOWN)
    }

    /// The code's digits.
    pub fn row(self) -> Row {
        Row::of(u64::from(self.0))
    }

    /// `number` of this country with the national digits `national`.
    pub(super) fn with_national(self, national: Row) -> Option<E164> {
        E164::from_row(self.row().joined(national))
    }
}

/// What one country's numbers look like.
#[derive(Debug)]
pub struct Plan {
    code: u16,
    /// Dialled before a national number within the country; [`NO_TRUNK`] where nothing is.
    trunk: u8,
    /// Fewest and most digits of a national number.
    lengths: (u8, u8),
}

/// Leading digits and the length of the area codes that begin so, as one integer.
#[derive(Clone, Copy, Debug)]
struct Area(u16);

impl Area {
    fn head(self) -> Row {
        Row::of(u64::from(self.0 >> 3))
    }

    fn len(self) -> usize {
        usize::from(self.0 & 7)
    }
}

/// Within the country numbers are dialled as they are.
const NO_TRUNK: u8 = 255;

impl Plan {
    /// The plan of the country whose code `country` is; nothing without a row of its own.
    pub(crate) fn of(country: Row) -> Option<&'static Self> {
        PLANS
            .iter()
            .find(|plan| Row::of(u64::from(plan.code)) == country)
    }

    /// Dialled before a national number within the country.
    pub fn trunk(&self) -> Option<Row> {
        let digits = if self.trunk > 9 { 2 } else { 1 };
        (self.trunk != NO_TRUNK).then_some(Row::new(u64::from(self.trunk), digits))
    }

    /// Whether `national` has a length that the country's numbers have.
    pub fn fits(&self, length: usize) -> bool {
        (usize::from(self.lengths.0)..=usize::from(self.lengths.1)).contains(&length)
    }

    /// Whether all national numbers are of one length.
    pub fn has_one_length(&self) -> bool {
        self.lengths.0 == self.lengths.1
    }

    /// Whether a row of its own describes the country.
    pub fn is_known(&self) -> bool {
        self.code != 0
    }
}

/// A number's country and what is dialled within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// The country.
    pub country: CountryCode,
    /// Area code and subscriber's number.
    pub national: Row,
}

impl Split {
    pub(super) fn of(number: E164) -> Self {
        let row = number.row();
        let (country, national) = row.cut(code_len(row));
        Self {
            country: CountryCode(country.value() as u16),
            national,
        }
    }

    /// The plan of the number's country.
    pub fn plan(self) -> &'static Plan {
        self.country.plan()
    }

    /// Whether the national number has a length its country uses.
    pub fn is_regular(self) -> bool {
        self.plan().is_known() && self.plan().fits(self.national.len())
    }

    /// The area (or mobile network, or toll-free) code, and what follows it.
    pub fn area(self) -> (Row, Row) {
        let country = AREAS.iter().find(|(code, _)| *code == self.country.0);
        let mut areas = country.map_or(&[][..], |(_, areas)| areas).iter();
        let by_row = areas.find(|area| self.national.after(area.head()).is_some());
        // Always leave at least one digit to the subscriber.
        let most = self.national.len().saturating_sub(1);
        let len = by_row.map_or(3, |area| area.len()).min(most);
        self.national.cut(len)
    }
}

/// A number taken apart, as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    digits: Digits,
    split: Split,
    country_end: usize,
    area_end: usize,
}

impl Parts {
    pub(super) fn of(number: E164) -> Self {
        let split = number.split();
        let country_end = split.country.row().len();
        Self {
            digits: number.digits(),
            split,
            country_end,
            area_end: country_end + split.area().0.len(),
        }
    }

    /// The country code's digits, never empty.
    pub fn country(&self) -> &str {
        self.digits
            .as_str()
            .get(..self.country_end)
            .unwrap_or_default()
    }

    /// The area (or mobile network, or toll-free) code.
    pub fn area(&self) -> &str {
        self.digits
            .as_str()
            .get(self.country_end..self.area_end)
            .unwrap_or_default()
    }

    /// What follows the area code.
    pub fn subscriber(&self) -> &str {
        self.digits
            .as_str()
            .get(self.area_end..)
            .unwrap_or_default()
    }

    /// Area code and subscriber's number.
    pub fn national(&self) -> &str {
        self.digits
            .as_str()
            .get(self.country_end..)
            .unwrap_or_default()
    }

    /// The plan of the number's country.
    pub fn plan(&self) -> &'static Plan {
        self.split.plan()
    }

    /// Whether the national number has a length its country uses.
    pub fn is_regular(&self) -> bool {
        self.split.is_regular()
    }
}

/// Length of the country code that `digits` (at least three) begin with (ITU-T E.164, list of
/// assigned codes).
fn code_len(digits: Row) -> usize {
    match digits.cut(2).0.value() {
        10..=19 | 70..=79 => 1,
        20
        | 27
        | 30..=34
        | 36
        | 39..=41
        | 43..=49
        | 51..=58
        | 60..=66
        | 81
        | 82
        | 84
        | 86
        | 90..=95
        | 98 => 2,
        _ => 3,
    }
}

const UNKNOWN: Plan = Plan {
    code: 0,
    trunk: NO_TRUNK,
    lengths: (1, 14),
};

const fn plan(code: u16, trunk: u8, lengths: (u8, u8)) -> Plan {
    Plan {
        code,
        trunk,
        lengths,
    }
}

/// Area codes that begin with `head` (0: all others) have `len` digits.
const fn area(head: u16, len: u16) -> Area {
    Area(head << 3 | len)
}

/// Russian zones whose cities have seven-digit numbers, mobile networks and services have three
/// digits; the other geographic codes four (Kaliningrad 4012). Small towns with five are written
/// with four, which changes where a bracket stands and no digit. Kazakhstan shares the code.
const RUSSIA: &[Area] = &[
    area(9, 3),
    area(80, 3),
    area(342, 3),
    area(343, 3),
    area(347, 3),
    area(351, 3),
    area(383, 3),
    area(391, 3),
    area(423, 3),
    area(473, 3),
    area(495, 3),
    area(498, 3),
    area(499, 3),
    area(812, 3),
    area(831, 3),
    area(843, 3),
    area(846, 3),
    area(861, 3),
    area(862, 3),
    area(863, 3),
    area(3, 4),
    area(4, 4),
    area(8, 4),
    area(727, 3),
    area(71, 4),
    area(72, 4),
    area(73, 4),
];

const PLANS: &[Plan] = &[
    plan(7, 8, (10, 10)),
    plan(1, 1, (10, 10)),
    plan(33, 0, (9, 9)),
    plan(34, NO_TRUNK, (9, 9)),
    plan(44, 0, (9, 10)),
    plan(48, NO_TRUNK, (9, 9)),
    plan(49, 0, (6, 11)),
    plan(90, 0, (10, 10)),
    plan(370, 0, (8, 8)),
    plan(371, NO_TRUNK, (8, 8)),
    plan(372, NO_TRUNK, (7, 8)),
    plan(373, 0, (8, 8)),
    plan(374, 0, (8, 8)),
    plan(375, 80, (9, 9)),
    plan(380, 0, (9, 9)),
    plan(420, NO_TRUNK, (9, 9)),
    plan(971, 0, (8, 9)),
    plan(972, 0, (8, 9)),
    plan(992, NO_TRUNK, (9, 9)),
    plan(993, 8, (8, 8)),
    plan(994, 0, (9, 9)),
    plan(995, 0, (9, 9)),
    plan(996, 0, (9, 9)),
    plan(998, NO_TRUNK, (9, 9)),
];

/// Area code lengths by leading digits of the national number; the first that fits counts. Without
/// a row it is three. The agent is told area codes and carries none of this.
const AREAS: &[(u16, &[Area])] = &[
    (7, RUSSIA),
    (33, &[area(0, 1)]),
    (
        44,
        &[area(20, 2), area(2, 2), area(1, 4), area(7, 4), area(0, 3)],
    ),
    (48, &[area(0, 2)]),
    (
        49,
        &[
            area(30, 2),
            area(40, 2),
            area(69, 2),
            area(89, 2),
            area(1, 3),
            area(0, 3),
        ],
    ),
    (371, &[area(0, 2)]),
    (373, &[area(22, 2), area(0, 3)]),
    (374, &[area(0, 2)]),
    (
        375,
        &[
            area(17, 2),
            area(25, 2),
            area(29, 2),
            area(33, 2),
            area(44, 2),
            area(0, 3),
        ],
    ),
    (380, &[area(0, 2)]),
    (971, &[area(5, 2), area(0, 1)]),
    (972, &[area(5, 2), area(7, 2), area(0, 1)]),
    (992, &[area(0, 2)]),
    (993, &[area(0, 2)]),
    (994, &[area(0, 2)]),
    (998, &[area(0, 2)]),
];
