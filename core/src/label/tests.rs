//! Addresses, and what is read and stored of them.

use super::*;
use crate::limits;
use expect_test::{Expect, expect};
use proptest::prelude::*;

fn show(reading: &LabelReading) -> String {
    let mut out = String::new();
    let labels = &reading.labels;
    if labels.marker.is_some() {
        out += &format!("levels {:?}\n", labels.levels().collect::<Vec<_>>());
    }
    for (number, value) in &labels.params {
        out += &format!("param{number} {value}\n");
    }
    for (utm, value) in &labels.utm {
        out += &format!("{} {value}\n", utm.name());
    }
    for (click, value) in &labels.clicks {
        out += &format!("{} {value}\n", click.name());
    }
    if let Some(openstat) = &labels.openstat {
        out += &format!("{openstat:?}\n");
    }
    for found in reading
        .found
        .iter()
        .filter(|found| found.place != Place::Query || !found.used)
    {
        let used = if found.used { "" } else { " unused" };
        out += &format!("{} in {:?}{used}\n", found.name, found.place);
    }
    for warning in &reading.warnings {
        out += &format!("{warning:?}\n");
    }
    out
}

fn check(url: &str, referrer: &str, remembered: Option<&str>, expect: Expect) {
    expect.assert_eq(&show(&read_labels(url, referrer, remembered)));
}

#[test]
fn roistat_labels_wherever_owners_put_them() {
    check(
        "https://a.ru/?roistat=direct4_g_1",
        "",
        None,
        expect![[r#"
        levels ["direct4", "g", "1"]
    "#]],
    );
    check(
        "https://a.ru/?x=1&RS=vk4_a",
        "",
        None,
        expect![[r#"
        levels ["vk4", "a"]
    "#]],
    );
    check(
        "https://a.ru/page&roistat=vk4",
        "",
        None,
        expect![[r#"
        levels ["vk4"]
        roistat in Path
    "#]],
    );
    check(
        "https://a.ru/#roistat=vk4",
        "",
        None,
        expect![[r#"
        levels ["vk4"]
        roistat in Fragment
    "#]],
    );
    check(
        "https://a.ru/#/catalog?rs=vk4",
        "",
        None,
        expect![[r#"
        levels ["vk4"]
        rs in Fragment
    "#]],
    );
    check(
        "https://a.ru/",
        "https://b.ru/?roistat=vk4&utm_source=theirs",
        None,
        expect![[r#"
        levels ["vk4"]
        roistat in Referrer
    "#]],
    );
    check(
        "https://a.ru/",
        "",
        Some("vk4_reklama"),
        expect![[r#"
        levels ["vk4", "reklama"]
        roistat in Remembered
    "#]],
    );
    check(
        "https://a.ru/?roistat=new",
        "https://b.ru/?rs=older",
        Some("old"),
        expect![[r#"
        levels ["new"]
        rs in Referrer unused
        roistat in Remembered unused
    "#]],
    );
    check(
        "https://a.ru/?roistat=1_2_3_4_5_6_7_8_9",
        "",
        None,
        expect![[r#"
        levels ["1", "2", "3", "4", "5", "6", "7_8_9"]
        TooManyLevels
    "#]],
    );
    check("https://a.ru/?roistat=&rs=", "", None, expect![""]);
}

#[test]
fn encodings() {
    check(
        "https://a.ru/?utm_term=%D0%BE%D0%BA%D0%BD%D0%B0+%D0%BF%D0%B2%D1%85",
        "",
        None,
        expect![[r#"
        utm_term окна пвх
    "#]],
    );
    check(
        "https://a.ru/?utm_term=%EE%EA%ED%E0%20%AB%B9%BB",
        "",
        None,
        expect![[r#"
        utm_term окна «№»
    "#]],
    );
    check(
        "https://a.ru/?utm_term=100%25%&utm_source=a%2",
        "",
        None,
        expect![[r#"
        utm_source a%2
        utm_term 100%%
    "#]],
    );
    check(
        "https://a.ru/?utm_term=a%00b%0Ac",
        "",
        None,
        expect![[r#"
        utm_term abc
    "#]],
    );
    check(
        "https://a.ru/?a=1&amp;utm_source=vk",
        "",
        None,
        expect![[r#"
        utm_source vk
    "#]],
    );
}

#[test]
fn every_other_label() {
    check(
        "https://a.ru/?utm_source=s&utm_medium=m&utm_campaign=c&utm_content=o&utm_term=t\
         &gclid=1&gbraid=2&wbraid=3&yclid=4&ymclid=5&msclkid=6&fbclid=7&ef_id=8\
         &roistat_param1=p1&roistat_param5=p5&roistat_param6=p6",
        "",
        None,
        expect![[r#"
            param1 p1
            param5 p5
            utm_source s
            utm_medium m
            utm_campaign c
            utm_term t
            utm_content o
            gclid 1
            gbraid 2
            wbraid 3
            yclid 4
            ymclid 5
            msclkid 6
            fbclid 7
            ef_id 8
        "#]],
    );
    check(
        "https://a.ru/?_openstat=ZGlyZWN0LnlhbmRleC5ydTsxOzI7cG9z",
        "",
        None,
        expect![[r#"
        Openstat { service: "direct.yandex.ru", campaign: "1", ad: "2", source: "pos" }
    "#]],
    );
    check(
        "https://a.ru/?openstat=s;c;a;p",
        "",
        None,
        expect![[r#"
        Openstat { service: "s", campaign: "c", ad: "a", source: "p" }
    "#]],
    );
    check(
        "https://a.ru/?openstat=!!",
        "",
        None,
        expect![[r#"
        openstat in Query unused
        OpenstatUnreadable
    "#]],
    );
    // After a redirect within the site the labels stand in the referrer.
    check(
        "https://a.ru/new",
        "https://A.ru/old?utm_source=vk&yclid=1",
        None,
        expect![[r#"
        utm_source vk
        yclid 1
        utm_source in Referrer
        yclid in Referrer
    "#]],
    );
}

#[test]
fn oddities_are_warned_of() {
    check(
        "https://a.ru/?utm_source=a&utm_source=b&utm_source=a",
        "",
        None,
        expect![[r#"
        utm_source a
        utm_source in Query unused
        utm_source in Query unused
        Repeated("utm_source")
    "#]],
    );
    check(
        "https://a.ru/?utm_campaign={campaign_id}",
        "",
        None,
        expect![[r#"
        utm_campaign {campaign_id}
        Unfilled("utm_campaign")
    "#]],
    );
}

#[test]
fn limits_at_the_edge_and_one_past_it() {
    let value = |chars: usize| {
        read_labels(
            &format!("https://a.ru/?utm_source={}", "я".repeat(chars)),
            "",
            None,
        )
    };
    let at = value(limits::LABEL_VALUE_CHARS);
    assert_eq!(at.warnings, []);
    let past = value(limits::LABEL_VALUE_CHARS + 1);
    assert_eq!(past.warnings, [Warning::ValueCut("utm_source".to_owned())]);
    assert_eq!(
        past.labels.utm[&Utm::Source].chars().count(),
        limits::LABEL_VALUE_CHARS
    );

    let params = |count: usize| {
        let filler = "a&".repeat(count - 1);
        read_labels(&format!("https://a.ru/?{filler}rs=x"), "", None)
    };
    assert_eq!(
        params(limits::URL_PARAMS).labels.marker.as_deref(),
        Some("x")
    );
    let past = params(limits::URL_PARAMS + 1);
    assert_eq!(
        (past.labels.marker, past.warnings),
        (None, vec![Warning::TooManyParams])
    );

    let url = |bytes: usize| {
        let mut url = "https://a.ru/?x=".to_owned();
        url.push_str(&"b".repeat(bytes - url.len() - 5));
        url.push_str("&rs=z");
        read_labels(&url, "", None)
    };
    assert_eq!(url(limits::URL_BYTES).warnings, []);
    let past = url(limits::URL_BYTES + 1);
    assert_eq!(
        (past.labels.marker, past.warnings),
        (None, vec![Warning::UrlCut])
    );
}

#[test]
fn stored_addresses_keep_labels_and_nothing_of_the_visitor() {
    for (url, stored) in [
        (
            "https://a.ru/p?q=1&utm_source=vk&token=s#top",
            "https://a.ru/p?utm_source=vk",
        ),
        ("https://user:pw@a.ru:8443/p", "https://a.ru:8443/p"),
        (
            "https://a.ru/p?utm_term=me@mail.ru&rs=x",
            "https://a.ru/p?rs=x",
        ),
        ("https://a.ru/p?utm_term=me%40mail.ru", "https://a.ru/p"),
        ("https://a.ru/u/me@mail.ru/x", "https://a.ru/u/-/x"),
        (
            "https://a.ru/p&roistat=x&mail=a",
            "https://a.ru/p?roistat=x",
        ),
        ("https://a.ru/#roistat=x&phone=1", "https://a.ru/#roistat=x"),
        (
            "https://a.ru/?email=a%40b.ru&yclid=1",
            "https://a.ru/?yclid=1",
        ),
        ("not an address", "not an address"),
        ("", ""),
    ] {
        assert_eq!(stored_url(url), stored, "{url}");
    }
}

proptest! {
    #[test]
    fn reading_never_fails(
        url in "\\PC{0,80}",
        referrer in "\\PC{0,80}",
        memory in prop::option::of("\\PC{0,40}"),
    ) {
        read_labels(&url, &referrer, memory.as_deref());
        stored_url(&url);
    }

    /// Every label read from an address is read from the stored form of it too, e-mail apart.
    #[test]
    fn the_stored_address_says_the_same(
        names in prop::collection::vec(
            "roistat|rs|utm_source|utm_medium|yclid|gclid|roistat_param[1-5]|q|id",
            0..6,
        ),
        values in prop::collection::vec("[a-zа-я0-9_%+.]{1,12}", 6),
        lead in "[?#]",
    ) {
        let pairs: Vec<String> =
            names.iter().zip(&values).map(|(name, value)| format!("{name}={value}")).collect();
        let url = format!("https://a.ru/p{lead}{}", pairs.join("&"));
        prop_assert_eq!(Labels::of_url(&stored_url(&url)), Labels::of_url(&url));
    }

    #[test]
    fn cp1251_letters_come_back(text in "[А-яЁё №]{1,20}") {
        let byte = |c: char| match c {
            'Ё' => 0xa8,
            'ё' => 0xb8,
            '№' => 0xb9,
            ' ' => 0x20,
            other => (other as u32 - 0x410 + 0xc0) as u8,
        };
        let bytes: Vec<u8> = text.chars().map(byte).collect();
        prop_assert_eq!(decode_cp1251(&bytes), text);
    }
}
