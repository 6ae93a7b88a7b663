//! Documents of other systems, and what they become.

use super::*;
use crate::scenario::ScenarioKind;
use expect_test::{Expect, expect};
use proptest::prelude::*;

const SITE: &str = r#"{
    "v": 1, "site": "shop", "name": "Shop", "origins": ["https://shop.example"],
    "time_zone": "Europe/Moscow", "country_code": "7", "area_code": "495",
    "pools": [{"id": "msk", "numbers": ["74950000001"]}],
    "scenarios": [{"id": "organic", "kind": "dynamic", "pool": "msk"}]
}"#;

fn site() -> SiteConfig {
    SiteConfig::parse(SITE).expect("a configuration")
}

fn check(from: ImportFrom, document: &str, expect: Expect) {
    let shown = match import(from, document, &site()) {
        Ok(imported) => {
            let mut out = String::new();
            for id in &imported.added {
                let scenario = imported
                    .config
                    .scenarios
                    .iter()
                    .find(|it| it.id.as_str() == id);
                let scenario = serde_json::to_string(scenario.expect("added")).expect("JSON");
                out += &format!("{scenario}\n");
            }
            let old = site().pools.len();
            for pool in imported.config.pools.iter().skip(old) {
                out += &format!("{}\n", serde_json::to_string(pool).expect("JSON"));
            }
            for note in &imported.notes {
                out += &format!("{:?} {}: {}\n", note.outcome, note.pointer, note.message.en);
            }
            out
        }
        Err(error) => format!("{error:?}\n"),
    };
    let shown: String = shown.lines().map(|line| wrapped(line) + "\n").collect();
    expect.assert_eq(&shown);
}

#[test]
fn a_roistat_scenario() {
    check(
        ImportFrom::Roistat,
        r#"{"name": "Organic", "is_enabled": true, "call_count": 12, "accuracy": 97,
            "phones": ["+7 (495) 000-00-02", "74950000001", "x"],
            "options": {
                "calltracking_type": "dynamic",
                "segments": [["source", "like%", "organic"], ["utm_source", "=", "vk"],
                             ["marker_level_2", "%like%", "msk"]],
                "phone_format": "8 (XXX) XXX-XX-XX",
                "css_selector": [".podmena", "footer .phone"],
                "redirect": {"type": "phone", "value": "8 495 000-00-77"},
                "replaceable_numbers": ["8 (495) 000-00-88"],
                "beeline": true
            },
            "integration": {"crm": null, "webhook": {"url": "https://crm.example/hook"}}}"#,
        expect![[r#"
            {"id":"organic-2","name":"Organic","enabled":true,"kind":"dynamic","pool":"organic-2","priority":0,"conditions":[{"dimension":"channel","operator":"equals","values":["organic"]},{"dimension":"utm_source","operator":"equals","values":["vk"]},{"dimension":"label_level_2","operator":"contains","values":["msk"]}],"targets":[{"class":"podmena"},{"selector":"footer
                .phone"},{"number":"74950000088"}],"mask":"8 (XXX)
                XXX-XX-XX","overflow":"reserve","forward":{"phone":"74950000077"}}
            {"id":"organic-2","numbers":["74950000002"],"hold_ms":150000,"idle_release_ms":60000,"cooldown_ms":0,"cooldown_rule":"preferred","policy":"ringlet","shards":1}
            Lost /options/beeline: "beeline" has no counterpart.
            Lost /phones/1: The site uses 74950000001 already.
            Lost /phones/2: "x" is no telephone number.
            Lost /integration/webhook: "webhook" has no counterpart.
            Changed /options: Numbers are lent by the rule "ringlet", held 150 s. For
                Roistat's own rule set the pool's policy to "roistat".
        "#]],
    );
}

#[test]
fn what_roistat_says_and_we_do_not_know_switches_the_scenario_off() {
    check(
        ImportFrom::Roistat,
        r#"{"data": [{"name": "Гео", "options": {
            "segments": [["weekday", "=", "1"], ["city", "~", "Moscow"], ["city"]],
            "phone_format": "<b>", "redirect": {"value": "office"}}}]}"#,
        expect![[r#"
            {"id":"imported","name":"Гео","enabled":false,"kind":"dynamic","pool":"imported","priority":0,"targets":[],"overflow":"reserve"}
            {"id":"imported","numbers":[],"hold_ms":150000,"idle_release_ms":60000,"cooldown_ms":0,"cooldown_rule":"preferred","policy":"ringlet","shards":1}
            Lost /data/0/options/segments/0: The condition ["weekday","=","1"] is not
                known; the scenario is off.
            Lost /data/0/options/segments/1: The condition ["city","~","Moscow"] is not
                known; the scenario is off.
            Lost /data/0/options/segments/2: The condition ["city"] is not known; the
                scenario is off.
            Lost /data/0/options/phone_format: This is no mask: numbers are shown in the
                shape of the page's.
            Lost /data/0/options/redirect: Neither a telephone number nor a SIP address.
            Changed /data/0/options: Numbers are lent by the rule "ringlet", held 150 s.
                For Roistat's own rule set the pool's policy to "roistat".
            Lost /data/0: The document holds no numbers: add some to the pool.
        "#]],
    );
}

#[test]
fn a_static_roistat_scenario() {
    check(
        ImportFrom::Roistat,
        r#"[{"name": "VK", "phones": ["74950000005"], "options": {"calltracking_type": "static",
            "segments": [["source", "=", "vk4_reklama"], ["source", "like%", "fb"]]}}]"#,
        expect![[r#"
            {"id":"vk","name":"VK","enabled":true,"kind":"static","bindings":[{"number":"74950000005","source":"vk4_reklama"}],"priority":0,"targets":[],"overflow":"reserve"}
            Lost /0: There is no number for the source "fb".
        "#]],
    );
}

#[test]
fn uis_rules_and_groups() {
    check(
        ImportFrom::Uis,
        include_str!("golden/uis.json"),
        expect![[r#"
            {"id":"paid-moscow","name":"Paid
                Moscow","enabled":true,"kind":"dynamic","pool":"paid-moscow","priority":0,"conditions":[{"dimension":"channel","operator":"equals","values":["paid"]},{"dimension":"city","operator":"contains","values":["Moscow"]},{"dimension":"city","operator":"equals","values":["Khimki"]},{"dimension":"landing_page","operator":"regex","values":["^/sale"]}],"targets":[{"class":"comagic_phone","mask":"+{country}
                ({city})
                {phone:##-##-##}"},{"element_id":"top"},{"number":"74951112233"}],"overflow":"reserve"}
            {"id":"odd","name":"Odd","enabled":false,"kind":"dynamic","pool":"odd","priority":0,"conditions":[{"dimension":"city","operator":"equals","values":["a"]},{"dimension":"channel","operator":"equals","values":["referral"]}],"targets":[{"class":"comagic_phone","mask":"+{country}
                ({city})
                {phone:##-##-##}"},{"element_id":"top"},{"number":"74951112233"}],"overflow":"reserve"}
            {"id":"paid-moscow","numbers":["74950000006"],"hold_ms":1200000,"idle_release_ms":60000,"cooldown_ms":0,"cooldown_rule":"preferred","policy":{"demote_passive":{"after_ms":1200000}},"shards":1}
            {"id":"odd","numbers":[],"hold_ms":150000,"idle_release_ms":60000,"cooldown_ms":0,"cooldown_rule":"preferred","policy":"ringlet","shards":1}
            Lost /replacement_phones_groups/0/phone_selectors/2: No element can be chosen
                by "image" "x".
            Changed : Replacement groups belong to the site: every rule gets all their
                elements.
            Changed /rules/0/conditions/filters/2: "matches" was read as a regular
                expression: check it.
            Lost /rules/1/conditions/filters/2: The condition
                {"field":"yclid","operator":"contains","value":"1"} has no counterpart;
                the scenario is off.
            Lost /rules/1/conditions: Alternatives over several things, or several
                demands on one, cannot be said here; the scenario is off. Make a scenario
                for each alternative.
            Lost /rules/1: The document holds no numbers: add some to the pool.
        "#]],
    );
}

#[test]
fn a_number_has_one_place_whatever_the_document_says() {
    let scenario = |name: &str| json!({"name": name, "phones": ["74950000005"], "options": {}});
    let document = json!([scenario("a"), scenario("b")]).to_string();
    let imported = import(ImportFrom::Roistat, &document, &site()).expect("imported");
    let counts: Vec<usize> = imported
        .config
        .pools
        .iter()
        .map(|it| it.numbers.len())
        .collect();
    assert_eq!(counts, [1, 1, 0]);
    assert!(
        imported
            .notes
            .iter()
            .any(|note| note.pointer == "/1/phones/0")
    );
}

#[test]
fn documents_of_another_kind() {
    for document in ["", "[]", "{}", "7", "{\"data\": []}", "[1, [2]]"] {
        for from in [ImportFrom::Roistat, ImportFrom::Uis] {
            let error = import(from, document, &site()).expect_err(document);
            assert!(matches!(error, ImportError::NotThat(_)), "{document}");
        }
    }
}

#[test]
fn what_the_site_had_stays() {
    let document = r#"{"name": "Organic", "options": {"css_selector": ["p a"]}}"#;
    let imported = import(ImportFrom::Roistat, document, &site()).expect("imported");
    assert_eq!(imported.added, ["organic-2"]);
    assert_eq!(imported.config.scenarios[0], site().scenarios[0]);
    assert_eq!(imported.config.pools[0], site().pools[0]);
    assert!(matches!(
        imported.config.scenarios[1].kind,
        ScenarioKind::Dynamic { .. }
    ));
}

proptest! {
    /// Whatever a document says, the answer is an accepted configuration or a reason.
    #[test]
    fn any_document_is_answered(
        name in "\\PC{0,20}",
        field in "source|city|utm_source|weekday",
        operator in "=|!=|like%|%like%|~",
        value in "\\PC{0,12}",
        selector in "[.#a-z\\[\\]<]{0,8}",
        phone in "[0-9+() -]{0,18}",
    ) {
        let document = json!({"name": name, "phones": [phone], "options": {
            "segments": [[field, operator, value]], "css_selector": [selector],
            "phone_format": value, "redirect": {"value": phone}}});
        if let Ok(imported) = import(ImportFrom::Roistat, &document.to_string(), &site()) {
            let again = SiteConfig::parse(&imported.config.to_json()).expect("accepted");
            prop_assert_eq!(again, imported.config);
        }
    }
}

/// `line` in lines of at most 76 characters, for the eye.
fn wrapped(line: &str) -> String {
    let mut out = String::new();
    let mut width = 0;
    for word in line.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + length > 76 {
            out.push_str("\n    ");
            width = 4;
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += length;
    }
    out
}
