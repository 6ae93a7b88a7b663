//! Masks and shapes, and what they make of a number.

use super::*;
use crate::phone::{CountryCode, Home, read_written};
use expect_test::{Expect, expect};
use proptest::prelude::*;

const MOSCOW: Home<'static> = Home {
    country: CountryCode::RUSSIA,
    area: Some("495"),
};

fn number(digits: &str) -> E164 {
    E164::parse(digits).expect("digits of a test")
}

fn check(mask: &str, digits: &str, expect: Expect) {
    let written = match Mask::parse(mask) {
        Ok(mask) => mask.format(number(digits), CountryCode::RUSSIA),
        Err(error) => format!("{error:?}"),
    };
    expect.assert_eq(&written);
}

fn in_shape_of(shape: &str, number: E164, home: Home<'_>) -> String {
    let shape: Vec<char> = shape.chars().collect();
    let full: Vec<char> = full(number, home.country).chars().collect();
    super::in_shape_of(&shape, number, &full, home.codes())
        .into_iter()
        .collect()
}

fn check_shape(shape: &str, digits: &str, home: Home<'_>, expect: Expect) {
    expect.assert_eq(&in_shape_of(shape, number(digits), home));
}

#[test]
fn places() {
    check(
        "8 (XXX) XXX-XX-XX",
        "74950000099",
        expect!["8 (495) 000-00-99"],
    );
    check(
        "+# (###) ###-##-##",
        "74950000099",
        expect!["+7 (495) 000-00-99"],
    );
    check(
        "+7 XXX XXX-XX-XX",
        "74950000099",
        expect!["+7 495 000-00-99"],
    );
    check(
        "# (###) ###-##-##",
        "74950000099",
        expect!["8 (495) 000-00-99"],
    );
    check("(XXX) XXX-XX-XX", "74950000099", expect!["(495) 000-00-99"]);
    check(
        "8 (495) XXX-XX-XX",
        "74950000099",
        expect!["8 (495) 000-00-99"],
    );
    // Cyrillic Х, as owners type it.
    check(
        "8 (ХХХ) ХХХ-ХХ-ХХ",
        "74950000099",
        expect!["8 (495) 000-00-99"],
    );
}

#[test]
fn a_mask_that_does_not_fit_gives_the_international_form() {
    check(
        "8 (495) XXX-XX-XX",
        "78120000099",
        expect!["+7 812 000-00-99"],
    );
    check(
        "8 (XXX) XXX-XX-XX",
        "375291112233",
        expect!["+375 29 111-22-33"],
    );
    check(
        "+7 (XXX) XXX-XX-XX",
        "12125550199",
        expect!["+1 212 555-01-99"],
    );
    check("XXX-XX-XX", "74950000099", expect!["+7 495 000-00-99"]);
}

#[test]
fn named_parts() {
    check(
        "+{country} ({city}) {phone}",
        "74950000099",
        expect!["+7 (495) 000-00-99"],
    );
    check(
        "{country} {city} {phone}",
        "74950000099",
        expect!["7 495 000-00-99"],
    );
    check(
        "8 ({city}) {phone:##-##-##}",
        "74012000099",
        expect!["8 (4012) 00-00-99"],
    );
    check(
        "8 ({city}) {phone:##-##-##}",
        "74950000099",
        expect!["8 (495) 000-00-99"],
    );
    check(
        "{trunk} ({area}) {phone}",
        "74950000099",
        expect!["8 (495) 000-00-99"],
    );
    check(
        "Тел.: +7 {phone}",
        "74950000099",
        expect!["Тел.: +7 49-50-00-00-99"],
    );
    check(
        "8 ({city}) {phone}",
        "375291112233",
        expect!["+375 29 111-22-33"],
    );
}

/// The two examples of the field: 1234567 and 12345 with `##-##-##`.
#[test]
fn two_level_template_keeps_surplus_digits_at_the_front() {
    let mask = Mask::parse_two_level("({city}) {phone}", "##-##-##").expect("a mask");
    expect!["(495) 123-45-67"].assert_eq(&mask.format(number("74951234567"), CountryCode::RUSSIA));
    let mut out = Vec::new();
    let template: Vec<char> = "##-##-##".chars().collect();
    push_filled(&mut out, &template, Row::read("12345".chars()), is_place);
    expect!["1-23-45"].assert_eq(&String::from_iter(out));
}

#[test]
fn samples() {
    check(
        "+7 (495) 777-01-95",
        "74950000099",
        expect!["+7 (495) 000-00-99"],
    );
    check("8 495 777-01-95", "74950000099", expect!["8 495 000-00-99"]);
    check(
        "+7 (495) 777-01-95",
        "78432000099",
        expect!["+7 (843) 200-00-99"],
    );
    check(
        "+7 (495) 777-01-95",
        "74012000099",
        expect!["+7 (4012) 00-00-99"],
    );
    check(
        "8 495 777-01-95",
        "375291112233",
        expect!["+375 29 111-22-33"],
    );
}

#[test]
fn refused_masks() {
    for (mask, error) in [
        ("", "Empty"),
        ("   ", "Empty"),
        ("<b>XXX-XX-XX</b>", "Character('<')"),
        ("javascript:XXXXX", "Character('j')"),
        ("8 (XXX) ###-##-##", "Mixed"),
        ("{number}", "Part"),
        ("{country", "Part"),
        ("{country} {city}", "NoPhone"),
        ("{phone} {city}", "PartOrder"),
        ("{phone:##}", "Template"),
        ("{phone} \"", "Character('\"')"),
        ("XXX", "Places"),
        ("XXX-XX-XX 24", "Digit"),
        ("8 (XXX) + XXX-XX-XX", "Digit"),
        ("123", "Places"),
        ("{phone} доб. 12", "Digit"),
    ] {
        let found = Mask::parse(mask).expect_err(mask);
        assert_eq!(format!("{found:?}"), error, "{mask}");
    }
    let long = "X".repeat(crate::limits::MASK_CHARS + 1);
    assert_eq!(Mask::parse(&long), Err(MaskError::TooLong));
}

#[test]
fn shapes_of_the_page() {
    check_shape(
        "8 495 000-00-01",
        "74950000099",
        MOSCOW,
        expect!["8 495 000-00-99"],
    );
    check_shape(
        "+7(495)-000-00-01",
        "74950000099",
        MOSCOW,
        expect!["+7(495)-000-00-99"],
    );
    check_shape(
        "+7(812) 000-50-50",
        "78120000099",
        MOSCOW,
        expect!["+7(812) 000-00-99"],
    );
    check_shape(
        "8 (800) 000-00-05",
        "78000000099",
        MOSCOW,
        expect!["8 (800) 000-00-99"],
    );
    check_shape(
        "8 800 000 00 05",
        "74012000099",
        MOSCOW,
        expect!["8 401 200 00 99"],
    );
    check_shape(
        "8 (4012) 00-00-05",
        "74950000099",
        MOSCOW,
        expect!["8 (495) 000-00-99"],
    );
    check_shape(
        "8(495)000-00-01",
        "74012000099",
        MOSCOW,
        expect!["8(4012)00-00-99"],
    );
    check_shape(
        "(495) 000-00-01",
        "74950000099",
        MOSCOW,
        expect!["(495) 000-00-99"],
    );
    check_shape(
        "+7 (495) 000-00-01",
        "375291112233",
        MOSCOW,
        expect!["+375 (29) 111-22-33"],
    );
    check_shape(
        "8 (495) 000-00-01",
        "375291112233",
        MOSCOW,
        expect!["+375 29 111-22-33"],
    );
    check_shape(
        "Позвонить",
        "78000000099",
        MOSCOW,
        expect!["8 (800) 000-00-99"],
    );
    check_shape("", "12125550199", MOSCOW, expect!["+1 212 555-01-99"]);
}

#[test]
fn local_numbers_only_within_their_area() {
    check_shape("406 00 01", "74950000099", MOSCOW, expect!["000 00 99"]);
    check_shape(
        "406 00 01",
        "78120000099",
        MOSCOW,
        expect!["8 (812) 000-00-99"],
    );
    check_shape(
        "406 00 01",
        "74950000099",
        Home::RUSSIA,
        expect!["8 (495) 000-00-99"],
    );
}

#[test]
fn unusual_spaces_dashes_and_marks_stay() {
    for (shape, written) in [
        ("8\u{a0}(495)\u{a0}000-00-01", "8\u{a0}(495)\u{a0}000-00-99"),
        (
            "8\u{2009}495\u{2009}000\u{2009}00\u{2009}01",
            "8\u{2009}495\u{2009}000\u{2009}00\u{2009}99",
        ),
        (
            "+7\u{a0}495 000\u{2013}00\u{2013}01",
            "+7\u{a0}495 000\u{2013}00\u{2013}99",
        ),
        (
            "8 (495) 000\u{2011}00\u{2011}01",
            "8 (495) 000\u{2011}00\u{2011}99",
        ),
        (
            "8 495 000\u{2212}00\u{2212}01",
            "8 495 000\u{2212}00\u{2212}99",
        ),
        (
            "\u{200e}+7 (495) 000-00-01\u{200e}",
            "\u{200e}+7 (495) 000-00-99\u{200e}",
        ),
        (
            "\u{200f}\u{200e}+7 495 000 00 01\u{200e}",
            "\u{200f}\u{200e}+7 495 000 00 99\u{200e}",
        ),
    ] {
        assert_eq!(in_shape_of(shape, number("74950000099"), MOSCOW), written);
    }
}

#[test]
fn other_countries() {
    let home = |code: &str| Home {
        country: CountryCode::parse(code).expect("a code"),
        area: None,
    };
    check_shape(
        "0 20 7946 0000",
        "442079460999",
        home("44"),
        expect!["0 20 7946 0999"],
    );
    check_shape(
        "+44 (0)20 7946 0000",
        "442079460999",
        home("44"),
        expect!["+44 (0)20 7946 0999"],
    );
    // Dialled from abroad: 00, and 810 in Russia.
    check_shape(
        "0044 20 7946 0000",
        "442079460999",
        home("44"),
        expect!["0044 20 7946 0999"],
    );
    check_shape(
        "8-10-44-20-7946-0000",
        "442079460999",
        home("7"),
        expect!["8-10-44-20-7946-0999"],
    );
    check_shape(
        "0044 20 7946 0000",
        "33123456700",
        home("44"),
        expect!["+33 1 23-45-67-00"],
    );
    check_shape(
        "(212) 555-0100",
        "12125550199",
        home("1"),
        expect!["(212) 555-0199"],
    );
    check_shape(
        "1-212-555-0100",
        "12125550199",
        home("1"),
        expect!["1-212-555-0199"],
    );
    check_shape(
        "8 (017) 200-00-00",
        "375172000099",
        home("375"),
        expect!["8 (017) 200-00-99"],
    );
    check_shape(
        "01 23 45 67 89",
        "33123456700",
        home("33"),
        expect!["01 23 45 67 00"],
    );
}

fn any_number() -> impl Strategy<Value = E164> {
    prop_oneof![
        (100u64..1_000_000_000_000_000).prop_map(|n| n.to_string()),
        (3_000_000_000u64..10_000_000_000).prop_map(|n| format!("7{n}")),
        (100_000_000u64..1_000_000_000).prop_map(|n| format!("375{n}")),
    ]
    .prop_map(|digits| E164::parse(&digits).expect("no leading zero"))
}

fn any_home() -> impl Strategy<Value = (u16, Option<String>)> {
    let country = prop::sample::select(vec![7u16, 1, 375, 380, 44, 49, 33, 420, 998, 212]);
    (country, prop::option::of("[1-9][0-9]{2,4}"))
}

fn digits_of(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

proptest! {
    #[test]
    fn a_mask_never_panics_and_keeps_the_digits(
        text in "[X#х8 7+()\\-]{0,30}|[78+ ]{0,3}\\(\\{city\\}\\) \\{phone\\}|\\PC{0,40}",
        n in any_number(),
    ) {
        if let Ok(mask) = Mask::parse(&text) {
            let written = digits_of(&mask.format(n, CountryCode::RUSSIA));
            prop_assert!(written.ends_with(n.parts().national()), "{written} of {n}");
            let prefix = &written[..written.len() - n.parts().national().len()];
            let parts = n.parts();
            let domestic = parts.country() == "7";
            let trunk = parts.plan().trunk().unwrap_or_default();
            let legal = prefix == parts.country()
                || domestic && (Row::read(prefix.chars()) == trunk || prefix.is_empty());
            prop_assert!(legal, "{prefix:?} before {n}");
            prop_assert!(!mask.format(n, CountryCode::RUSSIA).contains(['<', '>', '&', '"', '\'', '`']));
        }
    }

    #[test]
    fn a_shape_reads_back_as_the_number(
        shape in "\\+?[0-9][0-9 ()\\-\u{a0}\u{2009}\u{2011}\u{200e}]{0,20}|\\PC{0,30}",
        n in any_number(),
        home in any_home(),
    ) {
        let country = CountryCode::parse(&home.0.to_string()).expect("a code");
        let home = Home { country, area: home.1.as_deref() };
        let written = in_shape_of(&shape, n, home);
        prop_assert_eq!(read_written(&written, home), Some(n), "{}", written);
        // Writing it once more changes nothing.
        prop_assert_eq!(in_shape_of(&written, n, home), written);
    }
}
