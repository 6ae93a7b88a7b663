use super::*;
use crate::mask::{self, Mask};
use crate::phone::{CountryCode, Home};
use expect_test::{Expect, expect};
use proptest::prelude::*;

const RUSSIA: Home<'static> = Home {
    country: CountryCode::RUSSIA,
    area: None,
};
const MOSCOW: Home<'static> = Home {
    country: CountryCode::RUSSIA,
    area: Some("495"),
};
const PAGE: &str = "74950000001";
const LENT: &str = "74950000099";

fn number(digits: &str) -> E164 {
    E164::parse(digits).expect("digits of a test")
}

/// A text node.
struct Node {
    text: Vec<char>,
    joint: Joint,
}

/// `|` stands for inline markup, `¦` for the border of a block.
fn nodes(text: &str) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut joint = Joint::Hard;
    for piece in text.split_inclusive(['|', '¦']) {
        let text = chars(piece.trim_end_matches(['|', '¦']));
        nodes.push(Node { text, joint });
        joint = if piece.ends_with('¦') {
            Joint::Hard
        } else {
            Joint::Soft
        };
    }
    nodes
}

fn chars(text: &str) -> Vec<char> {
    text.chars().collect()
}

struct Case<'a> {
    wanted: &'a [&'a str],
    lent: &'a str,
    mask: Option<&'a str>,
    home: Home<'a>,
}

const SELECTED: Case<'static> = Case {
    wanted: &[],
    lent: LENT,
    mask: None,
    home: RUSSIA,
};
/// The new texts of one place, in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rewritten {
    runs: Vec<Vec<char>>,
    links: Vec<Vec<char>>,
}

const SEARCHED: Case<'static> = Case {
    wanted: &[PAGE],
    ..SELECTED
};

impl Case<'_> {
    fn rewrite(&self, nodes: &[Node], links: &[&str]) -> Option<Rewritten> {
        let runs: Vec<Run<'_>> = nodes
            .iter()
            .map(|Node { text, joint }| Run {
                text,
                joint: *joint,
            })
            .collect();
        let links: Vec<Vec<char>> = links.iter().map(|link| chars(link)).collect();
        let links: Vec<&[char]> = links.iter().map(Vec::as_slice).collect();
        let full = chars(&mask::full(number(self.lent), self.home.country));
        let numbers: Vec<E164> = self.wanted.iter().map(|digits| number(digits)).collect();
        let shown = number(self.lent);
        let written = self.mask.map_or_else(Vec::new, |mask| {
            let mask = Mask::parse(mask).expect("mask of a test");
            chars(&mask.format(shown, self.home.country))
        });
        let wanted = if numbers.is_empty() {
            Wanted::Any
        } else {
            Wanted::These(&numbers)
        };
        let shown = Shown {
            number: shown,
            written: &written,
            full: &full,
            home: self.home.codes(),
        };
        let new = rewrite(&runs, &links, wanted, shown)?;
        let (last, texts) = new.split_last()?;
        assert_eq!(*last, END, "every text is ended");
        let mut texts = texts.split(|c| *c == END).map(<[char]>::to_vec);
        let new = Rewritten {
            runs: texts.by_ref().take(runs.len()).collect(),
            links: texts.collect(),
        };
        assert_eq!((new.runs.len(), new.links.len()), (runs.len(), links.len()));
        Some(new)
    }

    fn show(&self, text: &str, links: &[&str]) -> String {
        let nodes = nodes(text);
        let Some(new) = self.rewrite(&nodes, links) else {
            return "left alone".into();
        };
        let mut out = String::new();
        for (index, text) in new.runs.iter().enumerate() {
            if index > 0 {
                out.push(if nodes[index].joint == Joint::Hard {
                    '¦'
                } else {
                    '|'
                });
            }
            out.extend(text);
        }
        for link in new.links {
            out.push_str(" <");
            out.extend(link);
            out.push('>');
        }
        out
    }

    fn check(&self, text: &str, links: &[&str], expect: Expect) {
        expect.assert_eq(&self.show(text, links));
    }
}

#[test]
fn a_selected_element_takes_the_number_in_its_own_shape() {
    let spaced = SELECTED.show("\n    8 495 000-00-01\n  ", &[]);
    assert_eq!(spaced, "\n    8 495 000-00-99\n  ");
    SELECTED.check(
        "8 (495) 000-00-02",
        &["tel:+74950000002"],
        expect!["8 (495) 000-00-99 <tel:+74950000099>"],
    );
    SELECTED.check(
        "8 (495) 000-00-01",
        &["tel:74950000001"],
        expect!["8 (495) 000-00-99 <tel:+74950000099>"],
    );
    SELECTED.check(
        "\n¦+7(495)-000-00-01¦\n¦+7(495)-000-00-01¦\n",
        &["tel:+74950000001"],
        expect![[r#"

            ¦+7(495)-000-00-99¦
            ¦+7(495)-000-00-99¦
             <tel:+74950000099>"#]],
    );
    SELECTED.check("84950000001", &[], expect!["84950000099"]);
    SELECTED.check("4950000001", &[], expect!["4950000099"]);
    SELECTED.check("495 000 00 01", &[], expect!["495 000 00 99"]);
    SELECTED.check(
        "Тел.:8 (495) 000-00-01, доб. 12",
        &[],
        expect!["Тел.:8 (495) 000-00-99, доб. 12"],
    );
    SELECTED.check(
        "+7 (495) 000-00-01 9:00-21:00",
        &[],
        expect!["+7 (495) 000-00-99 9:00-21:00"],
    );
    SELECTED.check("8 495 000 00 01 24/7", &[], expect!["8 495 000 00 99 24/7"]);
    SELECTED.check(
        "8 (495) 000-00-01, 8 (800) 000-00-02",
        &[],
        expect!["8 (495) 000-00-99, 8 (495) 000-00-99"],
    );
    SELECTED.check("(8 495) 000-00-01", &[], expect!["(8 495) 000-00-99"]);
    SELECTED.check("(495) 000-00-01", &[], expect!["(495) 000-00-99"]);
    SELECTED.check("📞84950000001", &[], expect!["📞84950000099"]);
}

#[test]
fn a_button_keeps_its_words() {
    let case = Case {
        lent: "78000000099",
        mask: Some("8 (XXX) XXX-XX-XX"),
        ..SELECTED
    };
    case.check(
        "Позвонить",
        &["tel:88000000001"],
        expect!["Позвонить <tel:+78000000099>"],
    );
    case.check(
        "Звоните 24/7",
        &["tel:88000000001"],
        expect!["Звоните 24/7 <tel:+78000000099>"],
    );
    case.check("", &["tel:"], expect![" <tel:+78000000099>"]);
    case.check("Позвонить", &[], expect!["left alone"]);
    // Emergency services and short codes are nobody's lead.
    case.check("Пожарная охрана", &["tel:112"], expect!["left alone"]);
    case.check(
        "8 (800) 000-00-01",
        &["tel:112", "tel:%2B7%20800"],
        expect!["8 (800) 000-00-99 <tel:112> <tel:%2B7%20800>"],
    );
    // Digits that look like a number and are none: nothing is half-swapped.
    case.check(
        "8 495 000-O0-01",
        &["tel:88000000001"],
        expect!["left alone"],
    );
}

#[test]
fn a_local_number_needs_the_sites_area() {
    let text = "406 00 01";
    let masked = Case {
        mask: Some("8 (XXX) XXX-XX-XX"),
        home: MOSCOW,
        ..SELECTED
    };
    masked.check(text, &[], expect!["8 (495) 000-00-99"]);
    let same = Case {
        home: MOSCOW,
        ..SELECTED
    };
    same.check(text, &[], expect!["000 00 99"]);
    let other = Case {
        home: MOSCOW,
        lent: "78120000099",
        ..SELECTED
    };
    other.check(text, &[], expect!["8 (812) 000-00-99"]);
    SELECTED.check(text, &[], expect!["8 (495) 000-00-99"]);
    SELECTED.check("Работаем с 2010 года", &[], expect!["left alone"]);
    SELECTED.check("Цена 106 000 руб.", &[], expect!["left alone"]);
    let searched = Case {
        wanted: &["74954060001"],
        ..SELECTED
    };
    searched.check(text, &[], expect!["left alone"]);
    Case {
        home: MOSCOW,
        ..searched
    }
    .check(text, &[], expect!["000 00 99"]);
}

#[test]
fn a_number_is_found_in_any_writing() {
    for (text, expect) in [
        ("8\u{a0}(495)\u{a0}000-00-01", "8\u{a0}(495)\u{a0}000-00-99"),
        (
            "8\u{2009}495\u{2009}000\u{2009}00\u{2009}01",
            "8\u{2009}495\u{2009}000\u{2009}00\u{2009}99",
        ),
        (
            "8\u{2007}495\u{2007}000\u{2007}00\u{2007}01",
            "8\u{2007}495\u{2007}000\u{2007}00\u{2007}99",
        ),
        (
            "+7\u{a0}495\u{a0}000\u{2013}00\u{2013}01",
            "+7\u{a0}495\u{a0}000\u{2013}00\u{2013}99",
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
        ("+74950000001", "+74950000099"),
        ("84950000001", "84950000099"),
        ("74950000001", "74950000099"),
        ("8.495.000.00.01", "8.495.000.00.99"),
        ("8-495-000-00-01", "8-495-000-00-99"),
        ("8/495/000-00-01", "8/495/000-00-99"),
        ("8 (495) 000 0001", "8 (495) 000 0099"),
        ("(495) 000-00-01", "(495) 000-00-99"),
        ("Звоните: 8 (495) 000-00-01!", "Звоните: 8 (495) 000-00-99!"),
        ("8 (495) 000-00-01 24/7", "8 (495) 000-00-99 24/7"),
        (
            "8 495 000-00-01, 8 495 000-00-02",
            "8 495 000-00-99, 8 495 000-00-02",
        ),
        (
            "8 495 000-00-01 / 8 495 000-00-02",
            "8 495 000-00-99 / 8 495 000-00-02",
        ),
        ("84950000001,84950000002", "84950000099,84950000002"),
        // In thousands, as programs write any integer: eleven digits are no chance, and beside a
        // currency or a word for an order it is none.
        ("84 950 000 001", "84 950 000 099"),
        ("Тел. 74 950 000 001", "Тел. 74 950 000 099"),
    ] {
        assert_eq!(SEARCHED.show(text, &[]), expect);
    }
}

#[test]
fn a_number_of_another_country_is_found_as_it_is_dialled_there() {
    let britain = Case {
        wanted: &["442079460018"],
        lent: "442079460999",
        home: Home {
            country: CountryCode::parse("44").expect("a code"),
            area: None,
        },
        ..SELECTED
    };
    let russia = Case {
        home: RUSSIA,
        ..britain
    };
    let selected = Case {
        wanted: &[],
        ..britain
    };
    for (text, expect) in [
        ("0044 20 7946 0018", "0044 20 7946 0999"),
        ("(0044) 20 7946 0018", "(0044) 20 7946 0999"),
        ("00 44 (0)20 7946 0018", "00 44 (0)20 7946 0999"),
        ("0044 (0) 20 7946 0018", "0044 (0) 20 7946 0999"),
        ("+44 (0)20 7946 0018", "+44 (0)20 7946 0999"),
        ("020 7946 0018", "020 7946 0999"),
        ("(020) 7946 0018", "(020) 7946 0999"),
    ] {
        assert_eq!(britain.show(text, &[]), expect);
        assert_eq!(selected.show(text, &[]), expect);
    }
    for (text, expect) in [
        ("8-10-44-20-7946-0018", "8-10-44-20-7946-0999"),
        ("8 10 44 20 7946 0018", "8 10 44 20 7946 0999"),
        ("+44 20 7946 0018", "+44 20 7946 0999"),
        ("0044 20 7946 0018", "0044 20 7946 0999"),
    ] {
        assert_eq!(russia.show(text, &[]), expect);
    }
}

#[test]
fn what_only_resembles_the_number_is_left_alone() {
    for text in [
        "8 495 000-O0-01",
        "№ 1084950000001234",
        "№ 84950000001",
        "RA84950000001000RU",
        "RA84950000001",
        "84950000001RU",
        "84950000001.pdf",
        "7700000001",
        "4950000001",
        "1007700000001",
        "40700000084950000001",
        "8495 0000 0010 0001",
        "8495 0000 001 0001",
        "8 495 000 руб.",
        "8 495 000,00 руб.",
        "4 950 000 001 ₽",
        "01-00-8495",
        "8 495 000-00-0",
        "8 495 000-00-011",
        "A-84950000001",
        "84950000001-B",
        "8 495 000-00-02",
        "+8 495 000-00-01",
        "",
    ] {
        assert_eq!(SEARCHED.show(text, &[]), "left alone", "{text}");
    }
}

/// What the agent does with digits that a word calls something else, directly before them: it gives
/// them as characters that are none (`agent/src/lib.rs`). Here they stand in angle marks.
#[test]
fn veiled_digits_are_none_and_what_stands_beside_them_is_swapped() {
    let veil = |text: &str| {
        let mut out = String::new();
        let mut is_veiled = false;
        for c in text.chars() {
            match (c, c.to_digit(10)) {
                ('‹' | '›', _) => is_veiled = c == '‹',
                (_, Some(digit)) if is_veiled => out.extend(char::from_u32(0xfdd0 + digit)),
                _ => out.push(c),
            }
        }
        out
    };
    for (text, expect) in [
        ("ИНН ‹84950000001›", None),
        ("Order no. ‹8 495 000 00 01›", None),
        (
            "Заказ ‹84950000001›, тел. 84950000001",
            Some("Заказ ‹84950000001›, тел. 84950000099"),
        ),
        (
            "84950000001 (ИНН ‹7700000001›)",
            Some("84950000099 (ИНН ‹7700000001›)"),
        ),
        (
            "Для заказа: 84950000001. Счёт ‹40702810›",
            Some("Для заказа: 84950000099. Счёт ‹40702810›"),
        ),
        (
            "Invoice ‹84950000001› – call 8 495 000 00 01",
            Some("Invoice ‹84950000001› – call 8 495 000 00 99"),
        ),
        (
            "Tax ID ‹84950000001›|; phone 74950000001",
            Some("Tax ID ‹84950000001›|; phone 74950000099"),
        ),
        (
            "order ‹12345678›¦8 (495) 000-00-01",
            Some("order ‹12345678›¦8 (495) 000-00-99"),
        ),
    ] {
        let expect = expect.map_or_else(|| "left alone".to_owned(), veil);
        assert_eq!(SEARCHED.show(&veil(text), &[]), expect, "{text}");
    }
}

#[test]
fn markup_splits_a_number_and_does_not_join_two() {
    SEARCHED.check(
        "8 (|495|) |000|-00-01",
        &[],
        expect!["8 (|495|) |000|-00-99"],
    );
    SEARCHED.check("8 (495) 000-0|0-01", &[], expect!["8 (495) 000-0|0-99"]);
    SEARCHED.check(
        "|8| (|495|) 000-0|0-01|, ждём",
        &[],
        expect!["|8| (|495|) 000-0|0-99|, ждём"],
    );
    SEARCHED.check(
        "8 495 000-00-01|8 495 000-00-02",
        &[],
        expect!["8 495 000-00-99|8 495 000-00-02"],
    );
    SEARCHED.check("84950000001|234", &[], expect!["left alone"]);
    SEARCHED.check("RA|84950000001", &[], expect!["left alone"]);
    SEARCHED.check(
        "8 495 000-00-|01¦8 495 000-00-01",
        &[],
        expect!["8 495 000-00-|99¦8 495 000-00-99"],
    );
    SEARCHED.check("8 495¦000-00-01", &[], expect!["left alone"]);
    SEARCHED.check(
        "Москва¦8 495 000-00-01¦Химки",
        &[],
        expect!["Москва¦8 495 000-00-99¦Химки"],
    );
    SELECTED.check(
        "8 495 000-00-01|8 495 000-00-02",
        &[],
        expect!["8 495 000-00-99|8 495 000-00-99"],
    );
}

#[test]
fn what_stands_beside_a_number_does_not_spoil_it() {
    for (text, expect) in [
        (
            "10.12.2024 8 (495) 000-00-01",
            "10.12.2024 8 (495) 000-00-99",
        ),
        ("10.12.2024 8 495 000-00-01", "10.12.2024 8 495 000-00-99"),
        ("05.2024 +7 495 000-00-01", "05.2024 +7 495 000-00-99"),
        (
            "8 (495) 000-00-01 (9:00-18:00)",
            "8 (495) 000-00-99 (9:00-18:00)",
        ),
        ("8 (495) 000-00-01 10:00", "8 (495) 000-00-99 10:00"),
        ("тел/факс: 8 (495) 000-00-01", "тел/факс: 8 (495) 000-00-99"),
        (
            "тел.:8(495)000-00-01;факс:8(495)000-00-02",
            "тел.:8(495)000-00-99;факс:8(495)000-00-02",
        ),
    ] {
        assert_eq!(SEARCHED.show(text, &[]), expect);
    }
    for text in [
        "10.12.2024 8 (495) 000-00-01",
        "8 (495) 000-00-01 (9:00-18:00)",
    ] {
        assert_eq!(SELECTED.show(text, &[]), SEARCHED.show(text, &[]));
    }
    for text in [
        "https://site.example/84950000001/",
        "site.example/84950000001.html",
    ] {
        assert_eq!(SEARCHED.show(text, &[]), "left alone", "{text}");
    }
}

#[test]
fn what_a_link_dials_behind_the_number_stays() {
    for (href, expect) in [
        ("tel:84950000001,123", "tel:+74950000099,123"),
        ("tel:+7(495)0000001;ext=12", "tel:+74950000099;ext=12"),
        ("tel:84950000001p1w2*3#", "tel:+74950000099p1w2*3#"),
        ("tel:84950000001;phone-context=+7", "tel:+74950000099"),
        ("tel:84950000001%2C12", "tel:+74950000099%2C12"),
        ("tel:84950000001 phone", "tel:+74950000099"),
        ("tel:84950000001,", "tel:+74950000099"),
    ] {
        let new = SELECTED.show("Call us", &[href]);
        assert_eq!(new, format!("Call us <{expect}>"), "{href}");
        assert_eq!(SELECTED.show("Call us", &[expect]), new, "and again");
    }
}

#[test]
fn nothing_is_half_swapped() {
    let elsewhere = |case| Case {
        home: MOSCOW,
        lent: "78120000099",
        ..case
    };
    for text in [
        // The code stands where the number cannot reach.
        "8 (495)¦000-00-01",
        "+7¦495¦000-00-01",
        "8 {495} 000-00-01",
        "8 (495) 000~00~01",
        "8 (495) 000:00:01",
        // The second number would be read with the first one's new code.
        "(495) 000-00-01, 000-00-02",
        "8 (495) 000-00-01 / 000-00-02",
        "8 (495) 000-00-01 и 000-00-02",
        "8 (495) 000-00-01¦000-00-02",
        // The end of an account.
        "DE89 3704 0044 0532 0130 00",
    ] {
        assert_eq!(elsewhere(SELECTED).show(text, &[]), "left alone", "{text}");
    }
    elsewhere(SEARCHED).check("(495) 000-00-01; 000-00-02", &[], expect!["left alone"]);
    elsewhere(SEARCHED).check("Тел. 000-00-01", &[], expect!["Тел. 8 (812) 000-00-99"]);
    elsewhere(SELECTED).check(
        "Офис 3¦тел. 000-00-01",
        &[],
        expect!["Офис 3¦тел. 8 (812) 000-00-99"],
    );
    // Within the area both are right.
    let here = Case {
        home: MOSCOW,
        ..SEARCHED
    };
    here.check(
        "(495) 000-00-01, 000-00-02",
        &[],
        expect!["(495) 000-00-99, 000-00-02"],
    );
    here.check("8 (495)¦000-00-01", &[], expect!["8 (495)¦000-00-99"]);
    let masked = Case {
        mask: Some("8 (XXX) XXX-XX-XX"),
        ..here
    };
    masked.check("8 (495)¦000-00-01", &[], expect!["left alone"]);
}

#[test]
fn every_tag_keeps_its_part_of_a_masked_number() {
    let case = Case {
        mask: Some("+7 XXX XXX-XX-XX"),
        ..SELECTED
    };
    case.check("8 (495)| |000-00-01", &[], expect!["+7 495| |000-00-99"]);
    case.check("8 |(495) |000-00-01", &[], expect!["+7 |495 |000-00-99"]);
    case.check(
        "8|(|495|)|000|-|00|-|01",
        &[],
        expect!["+7 ||495 ||000-||00-||99"],
    );
    let shorter = Case {
        mask: Some("XXX-XX-XX"),
        home: MOSCOW,
        ..SELECTED
    };
    shorter.check("8 (495) |000-00-01", &[], expect!["+7 495 |000-00-99"]);
    let longer = Case {
        mask: Some("8 (XXX) XXX-XX-XX"),
        home: MOSCOW,
        ..SELECTED
    };
    longer.check("406|-00-01", &[], expect!["8 (495) 000-00-99|"]);
}

#[test]
fn the_visible_number_decides_over_the_link() {
    let case = Case {
        wanted: &["78120005050"],
        lent: "78120000099",
        ..SELECTED
    };
    case.check(
        "+7(812) 000-50-50",
        &["tel:+7(812) 000-15-15"],
        expect!["+7(812) 000-00-99 <tel:+78120000099>"],
    );
    case.check(
        "+7(812) 000-77-77",
        &["tel:+78120005050"],
        expect!["left alone"],
    );
    case.check(
        "Позвонить",
        &["tel:+78120005050"],
        expect!["Позвонить <tel:+78120000099>"],
    );
    case.check("Позвонить", &["tel:+78120000000"], expect!["left alone"]);
}

#[test]
fn links_are_read_however_they_are_written() {
    for href in [
        "tel:+7 (495) 000-00-01",
        "tel:84950000001",
        "TEL:8-495-000-00-01",
        "tel://+74950000001",
        "tel:%2B7%20(495)%20000-00-01",
        "tel:+74950000001,12",
        "tel:+7-495-000-00-01;ext=12",
        "callto:+74950000001",
    ] {
        let read = read_link(&chars(href), RUSSIA.codes());
        assert_eq!(read, Some(number(PAGE)), "{href}");
    }
    for href in ["tel:", "tel", "tel:112", "tel:%", "tel:звоните", ""] {
        assert_eq!(read_link(&chars(href), RUSSIA.codes()), None, "{href}");
    }
}

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[0-9]{1,12}",
        "[ ().,/+-]{1,3}",
        Just("8 (495) 000-00-01".to_owned()),
        Just("+7 495 000 00 01".to_owned()),
        Just("\u{a0}".to_owned()),
        Just("\u{200e}".to_owned()),
        Just("|".to_owned()),
        Just("¦".to_owned()),
        "[a-zа-я№]{1,4}",
        "\\PC{0,4}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Only stretches that held digits change; every letter and every run stays.
    #[test]
    fn nothing_but_numbers_changes(text in pieces(), searched: bool, masked: bool) {
        let mut case = if searched { SEARCHED } else { SELECTED };
        if masked {
            case.mask = Some("8 (XXX) XXX-XX-XX");
        }
        let nodes = nodes(&text);
        if let Some(new) = case.rewrite(&nodes, &[]) {
            prop_assert_eq!(new.runs.len(), nodes.len());
            let letters = |text: &[char]| -> String {
                text.iter().filter(|c| c.is_alphabetic()).collect()
            };
            for (node, text) in nodes.iter().zip(&new.runs) {
                prop_assert_eq!(letters(&node.text), letters(text));
            }
        }
    }

    /// What was rewritten once stays as it is when it is rewritten again.
    #[test]
    fn rewriting_is_idempotent(text in pieces(), masked: bool) {
        let case = Case { mask: masked.then_some("+7 (XXX) XXX-XX-XX"), ..SELECTED };
        let first = nodes(&text);
        if let Some(once) = case.rewrite(&first, &[]) {
            let again: Vec<Node> = first.iter().zip(&once.runs)
                .map(|(node, text)| Node { text: text.clone(), joint: node.joint })
                .collect();
            let twice = case.rewrite(&again, &[]);
            prop_assert_eq!(twice.map(|new| new.runs), Some(once.runs));
        }
    }

    /// In a text searched for one number the lent number appears as often as the wanted one went,
    /// and digit for digit in order.
    #[test]
    fn the_lent_number_stands_whole(
        before in "[a-zа-я ]{0,6}",
        after in "[a-zа-я ]{0,6}",
        at in 0usize..17,
    ) {
        let mut written = String::from("8 (495) 000-00-01");
        written.insert(at, '|');
        let text = format!("{before} {written} {after}");
        let new = SEARCHED.rewrite(&nodes(&text), &[]).expect("the number is there");
        let digits: String = new.runs.concat().into_iter().filter(char::is_ascii_digit).collect();
        prop_assert_eq!(digits, "84950000099");
    }
}

/// Found by the property above: what stands beside a number must not be seen otherwise when the
/// number is written by the mask.
#[test]
fn a_number_swapped_beside_another_changes_nothing_about_that() {
    let case = Case {
        mask: Some("+7 (XXX) XXX-XX-XX"),
        ..SELECTED
    };
    for text in [
        "8 (495) 000-00-01+7 495 000 00 01008 (495) 000-00-01",
        "+8 (495) 000-00-018 (495) 000-00-01",
        "8 (495) 000-00-01,8 (495) 000-00-01",
        "8 (495) 000-00-01*8 (495) 000-00-01",
        "+7 495 000 00 01000,8 (495) 000-00-01",
        // What the number of the first node takes from the second.
        "000000000|\u{200e}8 (495) 000-00-01а",
        // What seems to begin within the first is cut by the last itself.
        "7711198 (0)11|\u{200e} 8 (495) 000-00-01",
    ] {
        let once = case.show(text, &[]);
        assert_eq!(case.show(&once, &[]), once, "{text}");
    }
}
