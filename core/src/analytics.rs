//! Ids that other systems gave a visitor, read from their cookies and carried with the visit, so
//! that a call can be told to those systems.
//!
//! Only systems that the site names are read, only with the visitor's consent, and only what has
//! the form of an id: a cookie is the visitor's word. Source of the forms: the cookies as those
//! systems document them or as they stand on public sites.

use crate::wire::PageIds;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A system with ids of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnalyticsSystem {
    /// Google Analytics 4: client and session.
    Google,
    /// Yandex.Metrica: client.
    Metrica,
    /// Calltouch: session.
    Calltouch,
    /// CallRail: visitor and session.
    Callrail,
    /// UIS (CoMagic): visitor and session.
    Uis,
}

impl AnalyticsSystem {
    /// All, by their names in a configuration.
    pub const ALL: [(&'static str, Self); 5] = [
        ("google", Self::Google),
        ("metrica", Self::Metrica),
        ("calltouch", Self::Calltouch),
        ("callrail", Self::Callrail),
        ("uis", Self::Uis),
    ];

    /// What the names of its cookies begin with.
    pub fn cookies(self) -> &'static [&'static str] {
        match self {
            Self::Google => &["_ga"],
            Self::Metrica => &["_ym_uid"],
            Self::Calltouch => &["_ct_session_id", "_ct_ids"],
            Self::Callrail => &["calltrk_session", "calltrk_uuid"],
            Self::Uis => &["_comagic_id"],
        }
    }
}

/// The ids in `cookies`. What has not the form of its system is left out; the rest is cleaned as
/// everything a page says ([`PageIds::cleaned`]).
pub fn read_ids(cookies: &BTreeMap<String, String>, systems: &[AnalyticsSystem]) -> PageIds {
    let mut ids = PageIds::default();
    for (name, value) in cookies {
        for system in systems {
            read(*system, name, value, &mut ids);
        }
    }
    ids
}

fn read(system: AnalyticsSystem, name: &str, value: &str, ids: &mut PageIds) {
    let whole = || Some(value.to_owned());
    match (system, name) {
        (AnalyticsSystem::Google, "_ga") => ids.ga_client_id = google_client(value),
        (AnalyticsSystem::Google, _) if name.starts_with("_ga_") => {
            ids.ga_session_id = google_session(value);
        }
        (AnalyticsSystem::Metrica, "_ym_uid") => ids.ym_client_id = whole(),
        (AnalyticsSystem::Calltouch, "_ct_session_id") => ids.calltouch_session_id = whole(),
        (AnalyticsSystem::Calltouch, "_ct_ids") if ids.calltouch_session_id.is_none() => {
            ids.calltouch_session_id = calltouch_session(value);
        }
        (AnalyticsSystem::Callrail, "calltrk_uuid") => ids.callrail_visitor_id = whole(),
        (AnalyticsSystem::Callrail, _) if name.starts_with("calltrk_session") => {
            ids.callrail_session_id = whole();
        }
        (AnalyticsSystem::Uis, _) if name.starts_with("_comagic_id") => {
            if let Some((visitor, session)) = uis_visit(value) {
                ids.uis_visitor_id = Some(visitor);
                ids.uis_session_id = Some(session);
            }
        }
        _ => {}
    }
}

/// `GA1.1.1234567890.1700000000` holds the client `1234567890.1700000000`.
fn google_client(value: &str) -> Option<String> {
    let mut parts = value.rsplit('.');
    let (second, first) = (parts.next()?, parts.next()?);
    parts.next()?;
    let whole = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (whole(first) && whole(second)).then(|| format!("{first}.{second}"))
}

/// `GS1.1.1700000000.5.1…` and `GS2.1.s1700000000$o5$…` hold the session `1700000000`.
fn google_session(value: &str) -> Option<String> {
    let rest = value.split('.').nth(2)?;
    let rest = rest.strip_prefix('s').unwrap_or(rest);
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

/// `mod:site:session`, its colons as they stand or encoded.
fn calltouch_session(value: &str) -> Option<String> {
    let value = value.replace("%3A", ":");
    value.split(':').nth(2).map(str::to_owned)
}

/// `10640054782.14783260762.1777012580` holds the visitor and his session; then a time.
fn uis_visit(value: &str) -> Option<(String, String)> {
    let mut parts = value.split('.');
    let (visitor, session) = (parts.next()?, parts.next()?);
    let whole = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_id = whole(visitor) && whole(session);
    is_id.then(|| (visitor.to_owned(), session.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(systems: &[AnalyticsSystem], cookies: &[(&str, &str)], expect: Expect) {
        let pairs = cookies.iter();
        let cookies = pairs.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let ids = read_ids(&cookies.collect(), systems).cleaned();
        expect.assert_eq(&serde_json::to_string_pretty(&ids).expect("JSON"));
    }

    #[test]
    fn ids_of_the_systems_the_site_names() {
        let all = AnalyticsSystem::ALL.map(|(_, system)| system);
        let cookies = [
            ("_ga", "GA1.2.1234567890.1700000000"),
            (
                "_ga_ABC123",
                "GS2.1.s1700000001$o5$g1$t1700000002$j60$l0$h0",
            ),
            ("_ym_uid", "1700000003123456789"),
            ("_ct_session_id", "987654"),
            ("calltrk_uuid", "0f8fad5b-d9cb-469f-a165-70867728950e"),
            (
                "calltrk_session_id_123",
                "7c9e6679-7425-40de-944b-e07fc1f90ae7",
            ),
            ("_comagic_idZ9x_Q", "10640054782.14783260762.1777012580"),
            ("secret", "1"),
        ];
        check(
            &all,
            &cookies,
            expect![[r#"
            {
              "ym_client_id": "1700000003123456789",
              "ga_client_id": "1234567890.1700000000",
              "ga_session_id": "1700000001",
              "calltouch_session_id": "987654",
              "callrail_visitor_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
              "callrail_session_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
              "uis_visitor_id": "10640054782",
              "uis_session_id": "14783260762"
            }"#]],
        );
        check(
            &[AnalyticsSystem::Metrica],
            &cookies,
            expect![[r#"
            {
              "ym_client_id": "1700000003123456789"
            }"#]],
        );
        check(&[], &cookies, expect!["{}"]);
    }

    #[test]
    fn what_is_no_id_is_left_out() {
        let all = AnalyticsSystem::ALL.map(|(_, system)| system);
        let long = "1".repeat(crate::limits::PAGE_ID_CHARS + 1);
        check(
            &all,
            &[
                ("_ga", "GA1.2.x.y"),
                ("_ga_A", "GS1"),
                ("_ym_uid", "<script>"),
                ("_ct_session_id", &long),
                ("calltrk_uuid", ""),
                ("_comagic_idA", "NaN.1.2"),
                ("_comagic_idB", "17"),
                ("_ct_ids", "a:b"),
            ],
            expect!["{}"],
        );
        check(
            &all,
            &[("_ct_ids", "x1y2%3A12345%3A678")],
            expect![[r#"
            {
              "calltouch_session_id": "678"
            }"#]],
        );
        check(
            &all,
            &[("_ga_A", "GS1.1.1700000000.5.1")],
            expect![[r#"
            {
              "ga_session_id": "1700000000"
            }"#]],
        );
    }
}
