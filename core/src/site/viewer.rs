//! What of a configuration may be told to who reads a site and does not run it.
//!
//! What is left out: what proves a telephone exchange or a receiver, and the addresses that such
//! proofs stand in. They are left out and not replaced: a document put back as it was told is
//! refused for what it lacks, so nobody's secret is lost by it.

use super::Change;
use serde_json::Value;

/// Of a telephone exchange. `public_url` ends with the secret of the path.
const OF_PROVIDERS: [&str; 4] = ["secrets", "key", "path_secrets", "public_url"];
/// Of a receiver. Addresses that other systems give out for webhooks are secrets of theirs.
const OF_RECEIVERS: [&str; 2] = ["secrets", "url"];

/// `document` without its secrets; nothing if it is no JSON object.
pub fn without_secrets(document: &str) -> Option<String> {
    let mut document: Value = serde_json::from_str(document).ok()?;
    let whole = document.as_object_mut()?;
    let providers = whole.get_mut("telephony").and_then(Value::as_object_mut);
    for provider in providers.into_iter().flat_map(|all| all.values_mut()) {
        leave_out(provider, &OF_PROVIDERS);
    }
    let receivers = whole.get_mut("receivers").and_then(Value::as_array_mut);
    for receiver in receivers.into_iter().flatten() {
        leave_out(receiver, &OF_RECEIVERS);
    }
    serde_json::to_string_pretty(&document).ok()
}

fn leave_out(value: &mut Value, names: &[&str]) {
    if let Some(members) = value.as_object_mut() {
        members.retain(|name, _| !names.contains(&name.as_str()));
    }
}

/// `changes` with nothing told of exchanges and receivers but that something changed there.
pub fn changes_without_secrets(mut changes: Vec<Change>) -> Vec<Change> {
    let holds = |path: &str| {
        ["/telephony", "/receivers"]
            .iter()
            .any(|start| path.starts_with(start))
    };
    for change in changes.iter_mut().filter(|change| holds(&change.path)) {
        for side in [&mut change.before, &mut change.after] {
            *side = side.take().map(|_| Value::from("…"));
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::{SiteConfig, diff};
    use expect_test::expect;

    const DOCUMENT: &str = r#"{"v": 1, "site": "shop", "name": "Shop", "country_code": "7",
        "origins": ["https://shop.example"], "time_zone": "Europe/Moscow",
        "telephony": {
            "mango": {"secrets": ["SECRET-1"], "key": "SECRET-2", "addresses": ["192.0.2.1"]},
            "twilio": {"secrets": ["SECRET-3"], "path_secrets": ["SECRET-4-0123456789"],
                "public_url": "https://a.example/v1/sites/shop/calls/twilio/SECRET-4-0123456789"}
        },
        "receivers": [{"id": "crm", "url": "https://crm.example/hook/SECRET-5",
            "secrets": ["SECRET-6-0123456789-0123456789"], "events": ["call.end"]}]}"#;

    #[test]
    fn what_is_told_holds_no_secret() {
        let config = SiteConfig::parse(DOCUMENT).expect("a configuration");
        // Every member that serde knows is written: one that is added later is seen here.
        for document in [DOCUMENT, &config.to_json()] {
            let told = without_secrets(document).expect("JSON");
            assert!(!told.contains("SECRET"), "{told}");
            assert!(
                SiteConfig::parse(&told).is_err(),
                "it is not put back unnoticed"
            );
        }
        let told = without_secrets(DOCUMENT).expect("JSON");
        let told: Value = serde_json::from_str(&told).expect("JSON");
        expect![[r#"
            {"mango":{"addresses":["192.0.2.1"]},"twilio":{}}
            [{"events":["call.end"],"id":"crm"}]"#]]
        .assert_eq(&format!("{}\n{}", told["telephony"], told["receivers"]));
        assert_eq!(without_secrets("7"), None);
    }

    #[test]
    fn changes_of_secrets_are_told_as_such() {
        let before = SiteConfig::parse(DOCUMENT).expect("a configuration");
        let other = DOCUMENT
            .replace("SECRET-5", "SECRET-7")
            .replace("SECRET-4-0123456789", "SECRET-8-0123456789")
            .replace("\"Shop\"", "\"Store\"");
        let after = SiteConfig::parse(&other).expect("a configuration");
        let told = changes_without_secrets(diff(&before, &after));
        let told = serde_json::to_string(&told).expect("JSON");
        assert!(!told.contains("SECRET"), "{told}");
        assert!(
            told.contains("Store") && told.contains("/receivers/crm"),
            "{told}"
        );
    }
}
