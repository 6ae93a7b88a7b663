//! Origins and the patterns they fit.

use super::*;

#[test]
fn origins() {
    let matches = |pattern: &str, origin: &str| {
        OriginPattern::parse(pattern)
            .expect(pattern)
            .matches(origin)
    };
    assert!(matches("https://shop.example", "https://shop.example"));
    assert!(matches("https://Shop.Example/", "https://shop.example"));
    assert!(matches("https://shop.example:443", "https://shop.example"));
    assert!(matches("http://localhost:8787", "http://localhost:8787"));
    assert!(matches("http://127.0.0.1:80", "http://127.0.0.1"));
    assert!(matches("http://[::1]:8787", "http://[::1]:8787"));
    assert!(matches(
        "https://магазин.рф",
        "https://xn--80aairftm.xn--p1ai"
    ));
    assert!(matches(
        "https://*.shop.example",
        "https://msk.shop.example"
    ));
    for (pattern, origin) in [
        ("https://shop.example", "http://shop.example"),
        ("https://shop.example", "https://shop.example:8443"),
        (
            "https://shop.example",
            "https://shop.example.attacker.example",
        ),
        ("https://shop.example", "https://attackershop.example"),
        ("https://*.shop.example", "https://shop.example"),
        ("https://*.shop.example", "https://a.b.shop.example"),
        ("https://*.shop.example", "https://attacker-shop.example"),
        ("https://*.shop.example", "https://.shop.example"),
        ("https://*.shop.example", "https://a@shop.example"),
        ("https://shop.example", "null"),
        ("https://shop.example", ""),
        ("https://shop.example", "https://shop.example/"),
    ] {
        assert!(!matches(pattern, origin), "{pattern} {origin}");
    }
    for bad in [
        "",
        "shop.example",
        "https://",
        "https://*",
        "https://*.example",
        "https://a.*.example",
        "https://a.example/path",
        "https://u@a.example",
        "https://a.example:x",
        "https://a b.example",
        "https://shop",
        "file:///x",
        "https://a.example?x",
    ] {
        assert!(OriginPattern::parse(bad).is_err(), "{bad}");
    }
}
