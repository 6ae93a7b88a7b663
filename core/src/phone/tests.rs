//! Numbers and lists as people write them.

use super::*;
use expect_test::{Expect, expect};
use proptest::prelude::*;

const MOSCOW: Home<'static> = Home {
    country: CountryCode::RUSSIA,
    area: Some("495"),
};

fn check(text: &str, home: Home<'_>, expect: Expect) {
    let read = read_written(text, home).map_or("nothing".to_owned(), |n| {
        let parts = n.parts();
        format!(
            "{} {} {}",
            parts.country(),
            parts.area(),
            parts.subscriber()
        )
    });
    expect.assert_eq(&read);
}

#[test]
fn written_numbers() {
    for text in [
        "8 (495) 123-45-67",
        "+7 495 123 45 67",
        "7-495-123-45-67",
        "(495) 123.45.67",
        "123-45-67",
        "810 7 495 123 45 67",
        "+7(495)123\u{2011}45\u{2011}67",
    ] {
        let number = read_written(text, MOSCOW).map(|n| n.to_string());
        assert_eq!(number.as_deref(), Some("74951234567"), "{text}");
    }
    check("123-45-67", Home::RUSSIA, expect!["nothing"]);
    check("8 495 000-O0-01", MOSCOW, expect!["nothing"]);
    check("8 495 000", MOSCOW, expect!["nothing"]);
    check("1084950000001234", MOSCOW, expect!["nothing"]);
    check("", MOSCOW, expect!["nothing"]);
    check("+", MOSCOW, expect!["nothing"]);
    check("+33 (0)1 23 45 67 89", MOSCOW, expect!["33 1 23456789"]);
    check("375 29 111-22-33", MOSCOW, expect!["375 29 1112233"]);
    check("8 4012 00-00-99", MOSCOW, expect!["7 4012 000099"]);
    check("8 727 000-00-99", MOSCOW, expect!["7 727 0000099"]);
}

fn check_list(text: &str, home: Home<'_>, expect: Expect) {
    let list = read_list(text, home);
    let mut out = String::new();
    for number in &list.numbers {
        out.push_str(&format!("{number}\n"));
    }
    for fault in &list.faults {
        let reason = fault.reason;
        out.push_str(&format!(
            "line {} position {}: {:?}: {reason:?}\n",
            fault.line, fault.position, fault.text
        ));
    }
    expect.assert_eq(&out);
}

#[test]
fn lists_as_pasted() {
    check_list(
        "8 (495) 123-45-67, +7 812 765 43 21",
        Home::RUSSIA,
        expect![[r#"
            74951234567
            78127654321
        "#]],
    );
    check_list(
        "74950000001 74950000002\n74950000003;8 495 000 00 04 8 495 000 00 05",
        Home::RUSSIA,
        expect![[r#"
            74950000001
            74950000002
            74950000003
            74950000004
            74950000005
        "#]],
    );
    check_list(
        "8 (495) 123-45-67,,\r\n 7 495 1234567; отдел продаж, 123-45-67, 8 495 12, \
         +7 (495) 123-45-678",
        Home::RUSSIA,
        expect![[r#"
            74951234567
            line 2 position 2: "7 495 1234567": Duplicate { first: 1 }
            line 2 position 3: "отдел продаж": NotANumber
            line 2 position 4: "123-45-67": NoAreaCode
            line 2 position 5: "8 495 12": TooShort
            line 2 position 6: "+7 (495) 123-45-678": TooLong
        "#]],
    );
    check_list(
        "Москва 8 495 000 00 01 Питер +7 812 000-00-02 тел",
        Home::RUSSIA,
        expect![[r#"
            74950000001
            78120000002
            line 1 position 1: "Москва": NotANumber
            line 1 position 3: "Питер": NotANumber
            line 1 position 5: "тел": NotANumber
        "#]],
    );
    check_list(
        "123-45-67 123-45-68",
        MOSCOW,
        expect![[r#"
        74951234567
        74951234568
    "#]],
    );
    check_list("", Home::RUSSIA, expect![""]);
}

/// What owners paste: columns of spreadsheets, CSV, lists of a letter, a price list.
#[test]
fn lists_from_tables_and_letters() {
    let written = [
        "\u{feff}8 (495) 123-45-67\r\n",
        "тел.: 8-495-123-45-67",
        "Tel:+74951234567",
        "\"8 495 123-45-67\"",
        "\"\",\"8 495 123-45-67\",\"\"",
        "['74951234567']",
        "\t8 495 123-45-67\t\t",
        "| 8 495 123-45-67 |",
        "1. 8 495 123-45-67",
        "1) 495 123-45-67",
        "• +7 495 123-45-67",
        "– +7 495 123-45-67",
        "８（４９５）１２３－４５－６７",
        "＋７ 495 123 45 67",
        "٠٠٧٤٩٥١٢٣٤٥٦٧",
        "8_495_123_45_67",
        "8·495·123·45·67",
        "8\u{a0}495\u{202f}123\u{2009}45\u{2011}67",
        "8\u{200b}495\u{2060}1234567\u{200e}",
        "8 495 123-45-67\u{2028}",
    ];
    for text in written {
        let list = read_list(text, Home::RUSSIA);
        let numbers: Vec<String> = list.numbers.iter().map(E164::to_string).collect();
        assert_eq!(numbers, ["74951234567"], "{text:?}: {:?}", list.faults);
        assert_eq!(list.faults, [], "{text:?}");
    }
    check_list(
        "84950000001/84950000002; +74950000003+74950000004 8 495 000-00-05、8 495 000-00-06",
        Home::RUSSIA,
        expect![[r#"
            74950000001
            74950000002
            74950000003
            74950000004
            74950000005
            74950000006
        "#]],
    );
    check_list(
        "тел.: 8-495-123-45-67 (доб. 12)\n+7 (495) 123 45 67/68\n74950000001-74950000009\n\
         8 495 000-00-01 – 8 495 000-00-09\n8 495 000-00-01…09\n8 495 000-00-01 – офис\n\
         8 495 123-45-67, доб. 3, ext.4, #5\n\u{200b}, — ,\nМосква\t01.02.2026\t7,49512E+10",
        Home::RUSSIA,
        expect![[r##"
            74951234567
            74950000001
            line 1 position 2: "(доб. 12)": Extension
            line 2 position 3: "+7 (495) 123 45 67/68": Several
            line 3 position 4: "74950000001-74950000009": Several
            line 4 position 5: "8 495 000-00-01 – 8 495 000-00-09": Several
            line 5 position 6: "8 495 000-00-01…09": Several
            line 6 position 8: "– офис": NotANumber
            line 7 position 9: "8 495 123-45-67": Duplicate { first: 1 }
            line 7 position 10: "доб. 3": Extension
            line 7 position 11: "ext.4": Extension
            line 7 position 12: "#5": Extension
            line 8 position 13: "—": NotANumber
            line 9 position 14: "Москва": NotANumber
            line 9 position 15: "01.02.2026": TooShort
            line 9 position 16: "7": TooShort
            line 9 position 17: "49512E+10": NotANumber
        "##]],
    );
}

#[test]
fn a_list_holds_as_many_numbers_as_a_pool_and_no_more() {
    let lines = |count: usize| {
        (0..count)
            .map(|n| format!("7495{n:07}\n"))
            .collect::<String>()
    };
    let most = crate::limits::LIST_NUMBERS;
    assert_eq!(read_list(&lines(most), Home::RUSSIA).faults, []);
    let list = read_list(&lines(most + 1), Home::RUSSIA);
    assert_eq!(list.numbers.len(), most);
    let reasons: Vec<_> = list.faults.iter().map(|fault| fault.reason).collect();
    assert_eq!(reasons, [ListFaultReason::TooMany]);
}

proptest! {
    #[test]
    fn reading_never_panics(text in "\\PC{0,60}", area in prop::option::of("[0-9]{1,5}")) {
        let home = Home { country: CountryCode::RUSSIA, area: area.as_deref() };
        read_written(&text, home);
        read_list(&text, home);
    }

    #[test]
    fn digits_are_the_number(value in 100u64..1_000_000_000_000_000) {
        let number = E164::parse(&value.to_string()).expect("3 to 15 digits");
        let parts = number.parts();
        let digits = number.digits();
        prop_assert_eq!(digits.as_str(), value.to_string());
        let joined = format!("{}{}{}", parts.country(), parts.area(), parts.subscriber());
        prop_assert_eq!(joined, value.to_string());
    }

    /// Nothing is dropped: every pasted number is either taken or listed back.
    #[test]
    fn every_piece_is_accounted_for(
        pieces in prop::collection::vec(
            "8 \\(495\\) [0-9]{3}-[0-9]{2}-[0-9]{2}|\\+7812[0-9]{7}|[a-z]{1,9}|[0-9]{1,5}",
            0..20,
        ),
        comma in any::<bool>(),
    ) {
        let text = pieces.join(if comma { ", " } else { "\n" });
        let list = read_list(&text, Home::RUSSIA);
        prop_assert_eq!(list.numbers.len() + list.faults.len(), pieces.len());
    }
}
