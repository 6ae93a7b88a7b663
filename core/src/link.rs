//! Passing a visitor on to another domain of the same owner, by a parameter of the link that leads
//! there.
//!
//! What it is: the token and its reading. Browsers keep what is stored on one domain from another,
//! so a visitor who goes on to the owner's second domain would begin anew there. What it is not:
//! finding and writing links (`agent/loader/parts/links.js`).
//!
//! Form: `1.<seconds>.<visitor>.<visit>.<memory>.<signature>`; memory is base 64 (URL) of what the
//! page remembers for the edge, and may be empty. The signature is HMAC-SHA256 over all before it,
//! shortened to 128 bits, by a key of the site's own.
//!
//! Invariants: what was not signed for this site, or longer ago than [`LINK_MS`], is nobody; a
//! token never names more than its page could say of itself anyway.

use crate::id::{SiteId, VisitId, VisitorId};
use crate::telephony::signature::{equal, hmac_sha256};
use crate::time::{Millis, UnixMillis};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The parameter's name.
pub const PARAMETER: &str = "ringlet_link";
/// How long a link leads on: a click follows the page view by minutes, and what is copied and sent
/// to somebody else mostly does not.
pub const LINK_MS: Millis = Millis::from_mins(10);
/// Longest token that is made: some servers refuse addresses of more than 2,000 characters.
const TOKEN_CHARS: usize = 1_500;
/// Bytes of a signature: 128 bits.
const SIGNATURE_BYTES: usize = 16;

/// A visitor on his way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Who he is.
    pub visitor: VisitorId,
    /// The visit that goes on.
    pub visit: VisitId,
    /// What his page remembered for the edge.
    pub memory: Option<String>,
}

/// What a site's tokens are signed with.
#[derive(Clone)]
pub struct LinkKey([u8; 32]);

impl LinkKey {
    /// The key of `site` where the Worker's secret is `secret`.
    pub fn new(secret: &str, site: &SiteId) -> Self {
        let label: &[u8] = b"ringlet link 1 ";
        Self(hmac_sha256(
            secret.as_bytes(),
            &[label, site.as_str().as_bytes()],
        ))
    }

    fn signature(&self, text: &str) -> String {
        let whole = hmac_sha256(&self.0, &[text.as_bytes()]);
        URL_SAFE_NO_PAD.encode(&whole[..SIGNATURE_BYTES])
    }
}

/// The token of `passed`. What he remembers is left out where it is too long for an address: then
/// he is known, and a visit of his begins.
pub fn sign(key: &LinkKey, passed: &Passed, now: UnixMillis) -> String {
    let memory = passed.memory.as_deref().unwrap_or_default();
    let memory = URL_SAFE_NO_PAD.encode(memory);
    let fits = memory.len() <= TOKEN_CHARS;
    let text = format!(
        "1.{}.{}.{}.{}",
        now.0 / 1_000,
        passed.visitor,
        passed.visit,
        if fits { memory.as_str() } else { "" }
    );
    let signature = key.signature(&text);
    format!("{text}.{signature}")
}

/// Who comes with `token`; nobody where it is not of this site, too old, or of the future.
pub fn verify(key: &LinkKey, token: &str, now: UnixMillis) -> Option<Passed> {
    let (text, signature) = token.rsplit_once('.')?;
    if !equal(key.signature(text).as_bytes(), signature.as_bytes()) {
        return None;
    }
    let mut fields = text.split('.');
    let ("1", seconds) = (fields.next()?, fields.next()?) else {
        return None;
    };
    let at = UnixMillis(seconds.parse::<u64>().ok()?.checked_mul(1_000)?);
    if at > now || now.since(at) > LINK_MS {
        return None;
    }
    let visitor = VisitorId::parse(fields.next()?).ok()?;
    let visit = VisitId::parse(fields.next()?).ok()?;
    let memory = URL_SAFE_NO_PAD.decode(fields.next()?).ok()?;
    let memory = String::from_utf8(memory).ok()?;
    Some(Passed {
        visitor,
        visit,
        memory: (!memory.is_empty()).then_some(memory),
    })
}

/// The token in `url`, and the address without it.
pub fn token_in(url: &str) -> Option<(&str, String)> {
    let (address, fragment) = match url.split_once('#') {
        Some((address, _)) => (address, &url[address.len()..]),
        None => (url, ""),
    };
    let (path, query) = address.split_once('?')?;
    let prefix = |pair: &&str| {
        pair.split_once('=')
            .is_some_and(|(name, _)| name == PARAMETER)
    };
    let (_, token) = query.split('&').find(prefix)?.split_once('=')?;
    let rest: Vec<&str> = query.split('&').filter(|pair| !prefix(pair)).collect();
    let mark = if rest.is_empty() { "" } else { "?" };
    Some((token, format!("{path}{mark}{}{fragment}", rest.join("&"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    fn key(site: &str) -> LinkKey {
        LinkKey::new("a secret of a Worker", &SiteId::parse(site).expect("an id"))
    }

    fn passed(memory: Option<&str>) -> Passed {
        Passed {
            visitor: VisitorId(7),
            visit: VisitId(u128::MAX),
            memory: memory.map(str::to_owned),
        }
    }

    #[test]
    fn who_is_passed_on_arrives() {
        for memory in [None, Some("{\"at\":1,\"label\":\"вк\"}")] {
            let token = sign(&key("shop"), &passed(memory), NOW);
            assert_eq!(verify(&key("shop"), &token, NOW), Some(passed(memory)));
            assert!(
                token
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            );
        }
    }

    #[test]
    fn what_is_too_long_stays_behind() {
        let long = "x".repeat(TOKEN_CHARS);
        let token = sign(&key("shop"), &passed(Some(&long)), NOW);
        assert!(token.len() < 200);
        assert_eq!(verify(&key("shop"), &token, NOW), Some(passed(None)));
    }

    #[test]
    fn another_site_another_secret_another_time_is_nobody() {
        let token = sign(&key("shop"), &passed(None), NOW);
        assert_eq!(verify(&key("other"), &token, NOW), None);
        let site = SiteId::parse("shop").expect("an id");
        assert_eq!(verify(&LinkKey::new("another", &site), &token, NOW), None);
        let late = |ms| verify(&key("shop"), &token, NOW + Millis(ms));
        assert_eq!(late(LINK_MS.0), Some(passed(None)));
        assert_eq!(late(LINK_MS.0 + 1), None);
        assert_eq!(
            verify(&key("shop"), &token, UnixMillis(NOW.0 - 1_000)),
            None
        );
    }

    #[test]
    fn the_address_without_its_token() {
        let check = |url, expected: Option<(&str, &str)>| {
            let found = token_in(url);
            let found = found.as_ref().map(|(token, rest)| (*token, rest.as_str()));
            assert_eq!(found, expected, "{url}");
        };
        let shop = "https://b.example/p";
        check(shop, None);
        check("https://b.example/p?a=1#ringlet_link=t", None);
        check("https://b.example/p?ringlet_link=t", Some(("t", shop)));
        check(
            "https://b.example/p?a=%20&ringlet_link=t&b=2#c",
            Some(("t", "https://b.example/p?a=%20&b=2#c")),
        );
        check("https://b.example/p?my_ringlet_link=t", None);
    }

    proptest! {
        /// Whatever stands there, nothing panics, and no changed character is overlooked.
        #[test]
        fn nothing_forged_is_somebody(text in "\\PC{0,80}", at in 0usize..90, c in "[a-z0-9]") {
            prop_assert_eq!(verify(&key("shop"), &text, NOW), None);
            let token = sign(&key("shop"), &passed(None), NOW);
            let mut forged = token.clone();
            let at = at % token.len();
            forged.replace_range(at..=at, &c);
            let found = verify(&key("shop"), &forged, NOW);
            prop_assert_eq!(found.is_some(), forged == token);
        }
    }
}
