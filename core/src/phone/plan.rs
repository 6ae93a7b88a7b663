//! Numbering plans: how a number falls into country, area and subscriber.
//!
//! What is here: the length of every country code, and for the countries whose site owners we
//! expect the trunk prefix, the lengths of national numbers and the lengths of area codes. Source
//! of the figures: ITU-T E.164 (country codes) and the national numbering plans filed with the
//! ITU. What is not here: whether a number is in service. A country without a row has no trunk
//! prefix, any length, and an area code of three digits; such numbers are written with `+`.

use super::{Digits, E164};

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
        let ok = !digits.is_empty()
            && digits.len() == code_len(digits)
            && digits.bytes().all(|b| b.is_ascii_digit());
        let value = digits.bytes().fold(0u16, |sum, b| {
            sum.wrapping_mul(10)
                .wrapping_add(u16::from(b.wrapping_sub(b'0')))
        });
        (ok && value > 0).then_some(Self(value))
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

    /// `number` of this country with the national digits `national`.
    pub(super) fn with_national(self, national: &str) -> Option<E164> {
        let mut value = u64::from(self.0);
        if national.len() > 14 {
            return None;
        }
        for byte in national.bytes() {
            value = value * 10 + u64::from(byte.checked_sub(b'0')?);
        }
        let number = E164(core::num::NonZeroU64::new(value)?);
        (number.digits().as_str().len() <= 15).then_some(number)
    }
}

/// What one country's numbers look like.
#[derive(Debug)]
pub struct Plan {
    code: u16,
    /// Dialled before a national number within the country; empty where there is none.
    pub trunk: &'static str,
    /// Fewest and most digits of a national number.
    lengths: (u8, u8),
    /// Area code lengths by leading digits of the national number; the first that fits counts.
    areas: &'static [(&'static str, u8)],
}

impl Plan {
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

    fn area_len(&self, national: &str) -> usize {
        let by_row = self
            .areas
            .iter()
            .find(|(head, _)| national.starts_with(head));
        // Always leave at least one digit to the subscriber.
        let most = national.len().saturating_sub(1);
        by_row.map_or(3, |(_, len)| usize::from(*len)).min(most)
    }
}

/// A number taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    digits: Digits,
    country_end: usize,
    area_end: usize,
}

impl Parts {
    pub(super) fn of(number: E164) -> Self {
        let digits = number.digits();
        let text = digits.as_str();
        let country_end = code_len(text).min(text.len());
        let national = text.get(country_end..).unwrap_or_default();
        let mut parts = Self {
            digits,
            country_end,
            area_end: country_end,
        };
        parts.area_end += parts.plan().area_len(national);
        parts
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

    /// The country's code as a value; nothing only for numbers of no country.
    pub fn country_code(&self) -> Option<CountryCode> {
        CountryCode::parse(self.country())
    }

    /// The plan of the number's country.
    pub fn plan(&self) -> &'static Plan {
        self.country_code().map_or(&UNKNOWN, CountryCode::plan)
    }

    /// Whether the national number has a length its country uses.
    pub fn is_regular(&self) -> bool {
        self.plan().is_known() && self.plan().fits(self.national().len())
    }
}

/// Length of the country code that `digits` begin with (ITU-T E.164, list of assigned codes).
fn code_len(digits: &str) -> usize {
    let mut bytes = digits.bytes();
    let (first, second) = (bytes.next().unwrap_or(0), bytes.next().unwrap_or(0));
    match (first, second) {
        (b'1' | b'7', _) => 1,
        (b'2', b'0' | b'7')
        | (b'3', b'0'..=b'4' | b'6' | b'9')
        | (b'4', b'0' | b'1' | b'3'..=b'9')
        | (b'5', b'1'..=b'8')
        | (b'6', b'0'..=b'6')
        | (b'8', b'1' | b'2' | b'4' | b'6')
        | (b'9', b'0'..=b'5' | b'8') => 2,
        _ => 3,
    }
}

const UNKNOWN: Plan = Plan {
    code: 0,
    trunk: "",
    lengths: (1, 14),
    areas: &[],
};

const fn plan(
    code: u16,
    trunk: &'static str,
    lengths: (u8, u8),
    areas: &'static [(&'static str, u8)],
) -> Plan {
    Plan {
        code,
        trunk,
        lengths,
        areas,
    }
}

/// Russian zones whose cities have seven-digit numbers, mobile networks and services have three
/// digits; the other geographic codes four (Kaliningrad 4012). Small towns with five are written
/// with four, which changes where a bracket stands and no digit. Kazakhstan shares the code.
const RUSSIA: &[(&str, u8)] = &[
    ("9", 3),
    ("80", 3),
    ("342", 3),
    ("343", 3),
    ("347", 3),
    ("351", 3),
    ("383", 3),
    ("391", 3),
    ("423", 3),
    ("473", 3),
    ("495", 3),
    ("498", 3),
    ("499", 3),
    ("812", 3),
    ("831", 3),
    ("843", 3),
    ("846", 3),
    ("861", 3),
    ("862", 3),
    ("863", 3),
    ("3", 4),
    ("4", 4),
    ("8", 4),
    ("727", 3),
    ("71", 4),
    ("72", 4),
    ("73", 4),
];

const PLANS: &[Plan] = &[
    plan(7, "8", (10, 10), RUSSIA),
    plan(1, "1", (10, 10), &[("", 3)]),
    plan(33, "0", (9, 9), &[("", 1)]),
    plan(34, "", (9, 9), &[("", 3)]),
    plan(
        44,
        "0",
        (9, 10),
        &[("20", 2), ("2", 2), ("1", 4), ("7", 4), ("", 3)],
    ),
    plan(48, "", (9, 9), &[("", 2)]),
    plan(
        49,
        "0",
        (6, 11),
        &[
            ("30", 2),
            ("40", 2),
            ("69", 2),
            ("89", 2),
            ("1", 3),
            ("", 3),
        ],
    ),
    plan(90, "0", (10, 10), &[("", 3)]),
    plan(370, "0", (8, 8), &[("", 3)]),
    plan(371, "", (8, 8), &[("", 2)]),
    plan(372, "", (7, 8), &[("", 3)]),
    plan(373, "0", (8, 8), &[("22", 2), ("", 3)]),
    plan(374, "0", (8, 8), &[("", 2)]),
    plan(
        375,
        "80",
        (9, 9),
        &[
            ("17", 2),
            ("25", 2),
            ("29", 2),
            ("33", 2),
            ("44", 2),
            ("", 3),
        ],
    ),
    plan(380, "0", (9, 9), &[("", 2)]),
    plan(420, "", (9, 9), &[("", 3)]),
    plan(971, "0", (8, 9), &[("5", 2), ("", 1)]),
    plan(972, "0", (8, 9), &[("5", 2), ("7", 2), ("", 1)]),
    plan(992, "", (9, 9), &[("", 2)]),
    plan(993, "8", (8, 8), &[("", 2)]),
    plan(994, "0", (9, 9), &[("", 2)]),
    plan(995, "0", (9, 9), &[("", 3)]),
    plan(996, "0", (9, 9), &[("", 3)]),
    plan(998, "", (9, 9), &[("", 2)]),
];
