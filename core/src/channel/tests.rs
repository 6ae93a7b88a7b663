//! Referrers and labels, and the channel each makes.

use super::*;
use crate::label::read_labels;
use expect_test::{Expect, expect};
use proptest::prelude::*;

const PAGE: &str = "https://www.shop.example/";

fn check(query: &str, referrer: &str, expect: Expect) {
    let url = format!("{PAGE}{query}");
    let labels = read_labels(&url, referrer, None).labels;
    let origin = classify(&url, referrer, &labels, |host| host == "pay.shop.example");
    let phrase = origin
        .search_phrase
        .map(|phrase| format!(" \"{phrase}\""))
        .unwrap_or_default();
    expect.assert_eq(&format!(
        "{} {}{phrase}",
        origin.channel.name(),
        origin.source
    ));
}

#[test]
fn referrers() {
    check("", "", expect!["direct "]);
    check("", "https://www.google.ru/", expect!["organic Google"]);
    check(
        "",
        "https://www.google.co.uk/search?q=x",
        expect![[r#"organic Google "x""#]],
    );
    check(
        "",
        "https://yandex.ru/search/?text=%EE%EA%ED%E0",
        expect![[r#"organic Yandex "окна""#]],
    );
    check("", "https://ya.ru/", expect!["organic Yandex"]);
    check(
        "",
        "https://go.mail.ru/search?q=окна+пвх",
        expect![[r#"organic Mail.ru "окна пвх""#]],
    );
    check(
        "",
        "android-app://com.google.android.googlequicksearchbox/",
        expect!["organic Google"],
    );
    check("", "https://away.vk.com/away.php", expect!["social VK"]);
    check("", "https://l.instagram.com/", expect!["social Instagram"]);
    check("", "https://t.me/shop", expect!["messenger Telegram"]);
    check(
        "",
        "android-app://org.telegram.messenger",
        expect!["messenger Telegram"],
    );
    check("", "https://e.mail.ru/inbox", expect!["email Mail.ru"]);
    check("", "https://mail.google.com/", expect!["email Gmail"]);
    check(
        "",
        "https://ad.doubleclick.net/x",
        expect!["display Doubleclick"],
    );
    check(
        "",
        "https://yabs.yandex.ru/count",
        expect!["paid Yandex.Direct"],
    );
    check(
        "",
        "https://Forum.Example.:443/thread",
        expect!["referral forum.example"],
    );
    check("", "https://chatgpt.com/", expect!["referral ChatGPT"]);
    check(
        "",
        "https://shop.example/cart",
        expect!["internal shop.example"],
    );
    check(
        "",
        "https://pay.shop.example/done",
        expect!["internal pay.shop.example"],
    );
    check(
        "",
        "https://images.google.com.ua/",
        expect!["organic Google"],
    );
    check("", "https://news.google.ru/", expect!["organic Google"]);
    check(
        "",
        "https://docs.google.com/x",
        expect!["referral docs.google.com"],
    );
    // Not Google, though it looks so.
    check(
        "",
        "https://google.attacker.example/",
        expect!["referral google.attacker.example"],
    );
}

#[test]
fn labels_come_before_the_referrer() {
    check(
        "?utm_source=yandex&utm_medium=cpc",
        "https://yandex.ru/",
        expect!["paid yandex"],
    );
    check("?utm_source=vk&utm_medium=cpc", "", expect!["social vk"]);
    check(
        "?utm_source=news&utm_medium=E-Mail",
        "",
        expect!["email news"],
    );
    check(
        "?utm_source=leaflet&utm_medium=qr",
        "",
        expect!["offline leaflet"],
    );
    check(
        "?utm_source=partner&utm_medium=unheard-of",
        "",
        expect!["referral partner"],
    );
    check("?utm_source=x", "https://yandex.ru/", expect!["organic x"]);
    check(
        "?gclid=1",
        "https://www.google.com/",
        expect!["paid Google Ads"],
    );
    check("?yclid=1", "", expect!["paid Yandex.Direct"]);
    check(
        "?fbclid=1",
        "https://l.facebook.com/",
        expect!["social Facebook"],
    );
    check(
        "?fbclid=1&utm_source=ig&utm_medium=paid",
        "",
        expect!["social ig"],
    );
    check("?roistat=direct4_search_1", "", expect!["paid direct4"]);
    check("?rs=vk4_reklama", "https://vk.com/", expect!["social vk4"]);
    check("#roistat=qr", "", expect!["offline qr"]);
    // A Roistat label is an advertisement's, whatever it says and wherever it was clicked.
    check("?roistat=a_b", "", expect!["display a"]);
    check("?rs=a_b", "https://forum.example/", expect!["display a"]);
    check(
        "?roistat=a_b",
        "https://shop.example/cart",
        expect!["display a"],
    );
    check("?roistat=a_b", "https://yandex.ru/", expect!["paid a"]);
    check("?roistat=a_b", "https://vk.com/", expect!["social a"]);
    check("?roistat=a_b", "https://t.me/shop", expect!["messenger a"]);
    check("?utm_source=x", "", expect!["referral x"]);
    check(
        "?_openstat=ZGlyZWN0LnlhbmRleC5ydTsxOzI7cG9z",
        "",
        expect!["paid direct.yandex.ru"],
    );
}

proptest! {
    #[test]
    fn classification_never_fails(url in "\\PC{0,60}", referrer in "(https://)?\\PC{0,60}") {
        let labels = read_labels(&url, &referrer, None).labels;
        let origin = classify(&url, &referrer, &labels, |_| false);
        prop_assert!(origin.search_phrase.is_none() || origin.search_engine.is_some());
        prop_assert_eq!(origin.channel == Channel::Direct && labels.is_empty(),
            origin.referrer_domain.is_empty() && labels.is_empty());
    }
}
