//! The light rules against the whole ones: the same answer or none, and an answer for what most
//! pages hold.

use super::*;
use crate::mask;
use crate::phone::CountryCode;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

/// A place of an element that the owner selected, and what it is to show.
#[derive(Debug)]
struct Place {
    country: &'static str,
    area: &'static str,
    lent: &'static str,
    written: &'static str,
    has_full: bool,
    nodes: Vec<(Joint, String)>,
    links: Vec<&'static str>,
}

/// `|` stands for inline markup, `¦` for the border of a block.
fn plain(text: &str, links: &[&'static str]) -> Place {
    let mut nodes = Vec::new();
    let mut joint = Joint::Hard;
    for piece in text.split_inclusive(['|', '¦']) {
        nodes.push((joint, piece.trim_end_matches(['|', '¦']).to_owned()));
        joint = if piece.ends_with('|') {
            Joint::Soft
        } else {
            Joint::Hard
        };
    }
    Place {
        country: "7",
        area: "495",
        lent: "74950000099",
        written: "",
        has_full: true,
        nodes,
        links: links.to_vec(),
    }
}

fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}

impl Place {
    fn number(&self) -> E164 {
        E164::parse(self.lent).expect("digits of a test")
    }

    fn country(&self) -> CountryCode {
        CountryCode::parse(self.country).expect("a code of a test")
    }

    fn full(&self) -> Vec<char> {
        let full = mask::full(self.number(), self.country());
        chars(if self.has_full { &full } else { "" })
    }

    fn texts(&self) -> Vec<Vec<char>> {
        self.nodes.iter().map(|(_, text)| chars(text)).collect()
    }

    fn whole(&self) -> Option<Vec<char>> {
        let texts = self.texts();
        let joints = self.nodes.iter().map(|(joint, _)| *joint);
        let runs: Vec<Run<'_>> = joints
            .zip(&texts)
            .map(|(joint, text)| Run { text, joint })
            .collect();
        let links: Vec<Vec<char>> = self.links.iter().map(|href| chars(href)).collect();
        let links: Vec<&[char]> = links.iter().map(Vec::as_slice).collect();
        let shown = Shown {
            number: self.number(),
            written: &chars(self.written),
            full: &self.full(),
            home: Codes {
                country: self.country(),
                area: Row::read(self.area.chars()),
            },
        };
        rewrite(&runs, &links, Wanted::Any, shown)
    }

    fn light(&self) -> Result<Option<Vec<char>>, Odd> {
        let mut out = vec![END; 400];
        let written = chars(self.written);
        let full = self.full();
        let mut light = Light::new(&mut out);
        light.set_country(Row::read(self.country.chars()));
        light.number = Row::read(self.lent.chars());
        light.written = &written;
        light.full = &full;
        for ((joint, _), text) in self.nodes.iter().zip(self.texts()) {
            light.add_text(&text, *joint);
        }
        for href in &self.links {
            light.add_link(&chars(href));
        }
        let count = light.answer()?;
        Ok(count.map(|count| out[..count].to_vec()))
    }

    /// The same as the whole rules, or nothing.
    fn check(&self) -> Result<(), TestCaseError> {
        if let Ok(light) = self.light() {
            prop_assert_eq!(light, self.whole());
        }
        Ok(())
    }

    /// The same as the whole rules.
    #[track_caller]
    fn check_is_plain(&self) {
        assert_eq!(self.light(), Ok(self.whole()), "{self:?}");
    }
}

const PIECES: [&str; 56] = [
    "8 (495) 000-10-20",
    "+7 495 000-10-20",
    "+7(495)-000-10-20",
    "8 800 000-10-20",
    "84950001020",
    "495 000-10-20",
    "(212) 555-0100",
    "+1 212 555 0100",
    "+44 (0)20 7946 0958",
    "020 7946 0958",
    "+49 30 123456",
    "49 30 123456",
    "0 30 123456",
    "+375 29 123-45-67",
    "406 00 01",
    "пн-пт 9:00–21:00",
    "8",
    "495",
    "000",
    "10",
    "20",
    "0001020",
    "7",
    "0",
    "5",
    "1234",
    "+",
    "(",
    ")",
    "(495)",
    "(0)",
    "[",
    "]",
    " ",
    " ",
    "\u{a0}",
    "\u{2009}",
    "\n",
    "-",
    "\u{2013}",
    ".",
    "/",
    ",",
    ":",
    "тел",
    "a",
    "№",
    "₽",
    "р.",
    "$",
    "%",
    "|",
    "|",
    "¦",
    "¦",
    "\u{10d83d}",
];
const LENT: [&str; 9] = [
    "74950000099",
    "78120000099",
    "74012000099",
    "12125550199",
    "442079460999",
    "4930123499",
    "49301234567",
    "375291234599",
    "380441234567",
];
const WRITTEN: [&str; 5] = [
    "",
    "",
    "8 (495) 000-00-99",
    "+7 (495) 000-00-99",
    "звоните: 8 (495) 000-00-99 (круглосуточно)",
];
const LINKS: [&str; 12] = [
    "tel:+74950001020",
    "tel:8(495)000-10-20",
    "tel:112",
    "tel:%2B74950001020;ext=5",
    "tel:",
    "tel:0001020",
    "tel:495%30001020",
    "tel:+74950001020,12",
    "tel:84950001020;ext=5",
    "tel:84950001020;phone-context=+7",
    "tel:84950001020p",
    "x12345",
];
const COUNTRIES: [&str; 9] = ["7", "7", "1", "44", "49", "375", "371", "971", "999"];

/// How a number may begin, and what may stand between its digits.
const HEADS: [&str; 11] = [
    "", "+", "+7", "8", "00", "000", "0044", "+44 ", "+49", "810", "0",
];
const GAPS: [&str; 12] = ["", "", " ", "-", "(", ")", " (", ") ", "(0)", "[", "]", "|"];

/// Digits of one number, however they are cut and bracketed.
fn one_number() -> impl Strategy<Value = String> {
    let head = proptest::sample::select(&HEADS[..]);
    let part = ("[0-9]{1,3}|0", proptest::sample::select(&GAPS[..]));
    (head, proptest::collection::vec(part, 3..9)).prop_map(|(head, parts)| {
        let mut text = head.to_owned();
        for (digits, gap) in parts {
            text += &(digits + gap);
        }
        text
    })
}

fn places() -> impl Strategy<Value = Place> {
    let pieces = proptest::collection::vec(proptest::sample::select(&PIECES[..]), 1..9);
    let text = prop_oneof![
        2 => pieces.prop_map(|pieces| pieces.concat()),
        1 => one_number(),
    ];
    let links = proptest::collection::vec(proptest::sample::select(&LINKS[..]), 0..3);
    let select = |all: &'static [&'static str]| proptest::sample::select(all);
    let about = (
        select(&COUNTRIES),
        select(&["", "495", "20"]),
        select(&LENT),
        select(&WRITTEN),
        any::<bool>(),
    );
    (text, links, about).prop_map(|(text, links, about)| {
        let (country, area, lent, written, has_full) = about;
        Place {
            country,
            area,
            lent,
            written,
            has_full,
            ..plain(&text, &links)
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn light_rules_answer_what_the_whole_ones_do_or_nothing(place in places()) {
        place.check()?;
    }
}

#[test]
fn what_most_pages_hold_is_plain() {
    let link = &["tel:+74950001020"][..];
    for text in [
        "8 (495) 000-10-20",
        "\n    8 495 000-00-01\n  ",
        "+7(495)-000-10-20",
        "8 800 000-10-20",
        "84950001020",
        "(495) 000-10-20",
        "Тел.: 8 (495) 000-10-20, ежедневно",
        "8 (495) 000-10-20 пн-пт 9:00–21:00",
        "8 (495) |000-10-20",
        "+7 |(495)| 000-10-20",
        "| |8 (495) 000-10-20| ",
        "Москва¦8 (495) 000-10-20¦Петербург¦8 (812) 000-10-20",
        "8 (495) 000-10-20, +7 495 000-10-21",
        "8\u{a0}(495)\u{2009}000\u{2011}10\u{2011}20",
        "Позвонить",
        "",
    ] {
        plain(text, link).check_is_plain();
        plain(text, &[]).check_is_plain();
        let masked = Place {
            written: "+7 495 000-00-99",
            ..plain(text, link)
        };
        if !text.contains('|') {
            masked.check_is_plain();
        }
    }
    for (country, lent, text) in [
        ("1", "12125550199", "(212) 555-0100"),
        ("1", "12125550199", "1-212-555-0100"),
        ("44", "442079460999", "020 7946 0958"),
        ("49", "4930123499", "+49 30 123456"),
        ("375", "375291234599", "8 029 123-45-67"),
        ("375", "375291234599", "+375 (29) 123-45-67"),
    ] {
        Place {
            country,
            lent,
            ..plain(text, link)
        }
        .check_is_plain();
    }
}

#[test]
fn what_is_not_plain_is_left_to_the_whole_rules() {
    for text in [
        "406 00 01",
        "+375 29 123-45-67",
        "8 (4012) 00-10-20",
        "8 (495) 000-10-20,5 км",
        "заказ 123456",
        "тел8 495 000-10-20",
        "000(0)123410",
        "+7 495(5)123410",
    ] {
        assert_eq!(plain(text, &[]).light(), Err(Odd), "{text}");
    }
    assert_eq!(plain("Служба спасения", &["tel:112"]).light(), Err(Odd));
    let foreign = Place {
        lent: "380441234567",
        ..plain("8 (495) 000-10-20", &[])
    };
    assert_eq!(foreign.light(), Err(Odd));
    let split = Place {
        written: "+7 495 000-00-99",
        ..plain("8 (495) |000-10-20", &[])
    };
    assert_eq!(split.light(), Err(Odd));
}

/// Found by the property above: behind what leads abroad `(0)` is no digit of the number, and nothing
/// tells that such digits are one of the site's country.
#[test]
fn a_zero_in_brackets_is_left_to_the_whole_rules() {
    let abroad = Place {
        written: "8 (495) 000-00-99",
        has_full: false,
        ..plain("000(0)123410", &[])
    };
    assert_eq!(abroad.whole(), None);
    abroad.check().expect("the same or nothing");
    // The lent number has a zero where the page's has none.
    let filled = plain("+7 495(5)123410", &[]);
    let whole = filled.whole().map(String::from_iter);
    assert_eq!(whole.as_deref(), Some("8 (495) 000-00-99\0"));
    filled.check().expect("the same or nothing");
}

#[test]
fn an_answer_longer_than_its_room_is_left_to_the_whole_rules() {
    for count in 0..6 {
        let mut out = vec![END; count];
        let mut light = Light::new(&mut out);
        light.set_country(Row::read("7".chars()));
        light.number = Row::read("74950000099".chars());
        light.add_text(&chars("Call us"), Joint::Hard);
        light.add_link(&chars("tel:+74950001020"));
        assert_eq!(light.answer(), Err(Odd));
    }
}
