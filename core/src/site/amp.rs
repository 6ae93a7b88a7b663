//! Which AMP pages are a site's own.
//!
//! An AMP page is served from its own origin or from a cache, whose host says whose page it is:
//! `https://shop-example.cdn.ampproject.org` for `https://shop.example`. The form of that name is
//! the AMP project's (“AMP cache URL format”): dots become dashes, dashes are doubled; what cannot
//! be written so is the SHA-256 of the host in base32.

use super::SiteConfig;
use sha2::{Digest, Sha256};

/// Domains of the caches, from the AMP project's public list of caches.
const CACHES: &[&str] = &["cdn.ampproject.org", "www.bing-amp.com"];

impl SiteConfig {
    /// Whether `origin`, a browser's `Origin` header, is one of the site's, or a cache's for the
    /// site's page at `source` (the `__amp_source_origin` that AMP adds to a request's address).
    pub fn is_own_amp_origin(&self, origin: &str, source: &str) -> bool {
        if self.is_own_origin(origin) {
            return true;
        }
        let Some(host) = source.strip_prefix("https://") else {
            return false;
        };
        self.is_own_origin(source)
            && cache_label(origin).is_some_and(|label| {
                dashed(host).as_deref() == Some(label) || hashed(host) == label
            })
    }
}

/// What stands before the cache's domain.
fn cache_label(origin: &str) -> Option<&str> {
    let host = origin.strip_prefix("https://")?;
    CACHES
        .iter()
        .find_map(|cache| host.strip_suffix(cache)?.strip_suffix('.'))
}

/// The readable form; nothing where the host has none.
fn dashed(host: &str) -> Option<String> {
    let (readable, read) = idna::domain_to_unicode(host);
    read.ok()?;
    if !readable.contains('.') {
        return None;
    }
    let mut label = readable.replace('-', "--").replace('.', "-");
    if label.get(2..4) == Some("--") {
        label = format!("0-{label}-0");
    }
    let label = idna::domain_to_ascii(&label).ok()?;
    (label.len() <= 63).then_some(label)
}

fn hashed(host: &str) -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut label = String::new();
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in Sha256::digest(host.as_bytes()) {
        held = (held << 8) | u32::from(byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            label.push(char::from(DIGITS[(held >> bits & 31) as usize]));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        label.push(char::from(DIGITS[(held << (5 - bits) & 31) as usize]));
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(origins: &str, origin: &str, source: &str, expected: bool) {
        let json = format!(
            r#"{{"v":1,"site":"s","name":"S","origins":{origins},"time_zone":"UTC","locale":"en",
                "country_code":"7","consent":"granted","pools":[],"scenarios":[]}}"#
        );
        let site = SiteConfig::parse(&json).expect("a configuration");
        assert_eq!(
            site.is_own_amp_origin(origin, source),
            expected,
            "{origin} for {source}"
        );
    }

    #[test]
    fn a_cache_speaks_for_the_page_that_its_name_says() {
        let shop = r#"["https://shop.example"]"#;
        let cache = "https://shop-example.cdn.ampproject.org";
        check(shop, "https://shop.example", "", true);
        check(shop, cache, "https://shop.example", true);
        check(
            shop,
            "https://shop-example.www.bing-amp.com",
            "https://shop.example",
            true,
        );
        check(shop, cache, "", false);
        check(shop, cache, "https://other.example", false);
        check(
            shop,
            "https://other-example.cdn.ampproject.org",
            "https://shop.example",
            false,
        );
        check(
            shop,
            "https://shop-example.cdn.ampproject.org.evil.example",
            "https://shop.example",
            false,
        );
        check(
            shop,
            "http://shop-example.cdn.ampproject.org",
            "https://shop.example",
            false,
        );
    }

    /// Examples of the format's own description.
    #[test]
    fn names_are_those_of_the_format() {
        assert_eq!(dashed("example.com").as_deref(), Some("example-com"));
        assert_eq!(
            dashed("foo.example.com").as_deref(),
            Some("foo-example-com")
        );
        assert_eq!(
            dashed("foo-example.com").as_deref(),
            Some("foo--example-com")
        );
        assert_eq!(
            dashed("xn--57hw060o.com").as_deref(),
            Some("xn---com-p33b41770a")
        );
        assert_eq!(
            dashed("en-us.example.com").as_deref(),
            Some("0-en--us-example-com-0")
        );
        assert_eq!(dashed("localhost"), None);
        assert_eq!(hashed("").len(), 52);
    }
}
