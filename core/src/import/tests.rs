//! Documents of other systems, and what they become.

use super::*;
use crate::scenario::ScenarioKind;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::Map;

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
            Lost /phones/2: "x": this is no telephone number.
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
            Changed /0/options/segments/1: A static number is shown for labels that begin
                with its source at a level's end; the rest of the pattern is not looked
                at.
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

/// What became of the scenarios, and every note.
fn check_notes(from: ImportFrom, document: &str, expect: Expect) {
    let imported = import(from, document, &site()).expect("imported");
    let mut out = String::new();
    for id in &imported.added {
        let scenarios = &imported.config.scenarios;
        let scenario = scenarios.iter().find(|it| it.id.as_str() == id);
        let scenario = scenario.expect("added");
        let numbers = match &scenario.kind {
            ScenarioKind::Static { bindings } => bindings.len(),
            _ => scenario
                .pool()
                .and_then(|pool| imported.config.pool(pool))
                .map_or(0, |pool| pool.numbers.len()),
        };
        let on = if scenario.enabled { "on" } else { "off" };
        let (conditions, targets) = (scenario.conditions.len(), scenario.targets.len());
        out +=
            &format!("{id} {on}: {numbers} numbers, {conditions} conditions, {targets} targets\n");
    }
    for note in &imported.notes {
        out += &format!("{:?} {}: {}\n", note.outcome, note.pointer, note.message.en);
        assert!(!note.message.ru.is_empty());
    }
    let shown: String = out.lines().map(|line| wrapped(line) + "\n").collect();
    expect.assert_eq(&shown);
}

#[test]
fn odd_roistat_documents_lose_nothing_unsaid() {
    check_notes(
        ImportFrom::Roistat,
        r#"{"status": "success", "data": [
            {"name": 7, "is_enabled": "1", "phones": "8 495 000-00-05; +7 495 000 00 06, x",
             "options": {"calltracking_type": "dynamic", "css_selector": ".a", "phone_format": 8,
                "segments": {"0": ["city", "=", "Moscow"], "7": ["city", "=", "Tver"]},
                "redirect": "74950000077", "replaceable_numbers": [84950000088, {}]}},
            {"name": "b", "is_enabled": "нет", "numbers": [{"number": 7.4950000007e10, "type": "x"}],
             "options": {"segments": "source", "css_selector": [".a", ".a", 5, null, "p{", {"x": 1}]}},
            {"name": ["c"], "is_enabled": {"on": true}, "phones": {"phone": "74950000008"},
             "options": {"calltracking_type": 5, "segments": [], "redirect": {"value": 5, "to": "x"}}},
            {"name": "d", "phones": [], "integration": "crm",
             "options": {"calltracking_type": "static", "phone_format": "",
                "segments": [["source", "%like", "fb"], ["source", "=", ["a", "b"]]]}},
            "a scenario", 5, null, {"name": "e"}]}"#,
        expect![[r#"
            7 off: 2 numbers, 2 conditions, 2 targets
            b off: 1 numbers, 0 conditions, 2 targets
            roistat off: 1 numbers, 0 conditions, 0 targets
            d off: 0 numbers, 0 conditions, 0 targets
            Lost /data/4: "a scenario" is not understood here.
            Lost /data/5: 5 is not understood here.
            Lost /data/6: null is not understood here.
            Lost /data/0/phones: "x": this is no telephone number.
            Lost /data/0/options/segments/7: Both conditions on one thing must hold
                there, and either would do here; the scenario is off.
            Lost /data/0/options/replaceable_numbers/1: {} is no telephone number.
            Lost /data/0/options/phone_format: This is no mask: numbers are shown in the
                shape of the page's.
            Changed /data/0/options: Numbers are lent by the rule "ringlet", held 150 s.
                For Roistat's own rule set the pool's policy to "roistat".
            Lost /data/1/numbers/0/type: "type" has no counterpart.
            Lost /data/1/options/segments: The condition "source" is not known; the
                scenario is off.
            Lost /data/1/options/css_selector/3: null is not understood here.
            Lost /data/1/options/css_selector/5: {"x":1} is not understood here.
            Changed /data/1/options: Numbers are lent by the rule "ringlet", held 150 s.
                For Roistat's own rule set the pool's policy to "roistat".
            Lost /data/2/name: ["c"] is not understood here.
            Lost /data/2/is_enabled: {"on":true} is not understood here.
            Lost /data/2/options/calltracking_type: The kind "5" is not known; the
                scenario is off.
            Lost /data/2/options/redirect/to: "to" has no counterpart.
            Lost /data/2/options/redirect: Neither a telephone number nor a SIP address.
            Changed /data/2/options: Numbers are lent by the rule "ringlet", held 150 s.
                For Roistat's own rule set the pool's policy to "roistat".
            Lost /data/3/options/segments/0: The condition ["source","%like","fb"] is not
                known; the scenario is off.
            Lost /data/3/options/segments/1: The condition ["source","=",["a","b"]] is
                not known; the scenario is off.
            Lost /data/3/integration: "crm" is not understood here.
            Lost /data/7: This is no scenario: options are missing.
            Lost /data/1: "targets" {"selector":"p{"} was left out: "p{" selects nothing.
        "#]],
    );
}

#[test]
fn odd_uis_documents_lose_nothing_unsaid() {
    check_notes(
        ImportFrom::Uis,
        r##"{"rules": [
            {"name": "a", "call_tracking_type": "dynamic", "is_all_traffic": "true", "state": "active",
             "reserve_phone_numbers_time": "20", "virtual_phone_numbers": "74950000005,74950000006"},
            {"name": "b", "call_tracking_type": "dynamic", "is_all_traffic": 0, "priority": 3,
             "reserve_phone_numbers_time": "long", "conditions": [
                {"field": "city", "operator": "equals", "value": "Moscow"},
                {"field": "city", "operator": "equals", "value": "Tver", "not": true}]},
            {"name": "c", "call_tracking_type": "callback", "state": "paused", "rule_type": 5,
             "reserve_phone_numbers_time": 1000000, "is_all_traffic": [1],
             "conditions": {"condition": "xor", "filters": {"field": "city", "operator": "equals",
                "value": [1, 2]}}},
            {"name": "d", "call_tracking_type": "dynamic", "sources": [{"id": 1, "name": "vk"}, {"id": 2}],
             "conditions": {"condition": "AND", "negate": true, "filters": [
                {"condition": "or", "filters": [{"field": "city", "operator": "equals", "value": "a"}]},
                {"condition": "or", "filters": [{"field": "city", "operator": "equals", "value": "b"}]},
                {"field": "engine", "operator": "equals", "value": "Yandex"},
                {"field": "channel", "operator": "equals", "value": "radio"}, 7]}},
            {"name": "e", "call_tracking_type": "static", "sources": "vk", "phone_numbers": []},
            {"name": "f", "call_tracking_type": "dynamic", "is_all_traffic": false, "conditions": {}},
            "rule"],
            "replacement_phones_groups": {"name": "G", "phone_selectors": [
                {"element_attribute": "class", "element_attribute_value": 12},
                {"element_attribute": "class", "element_attribute_value": "12", "phone_number_mask": "x"},
                {"element_attribute": "selector", "element_attribute_value": "a[", "image": true},
                {"element_attribute": "class", "element_attribute_value": "p q"}, "x", {}]},
            "widgets": [1]}"##,
        expect![[r#"
            a on: 2 numbers, 0 conditions, 1 targets
            b off: 0 numbers, 1 conditions, 1 targets
            c off: 0 numbers, 1 conditions, 1 targets
            d off: 0 numbers, 4 conditions, 1 targets
            e on: 0 numbers, 0 conditions, 1 targets
            f off: 0 numbers, 0 conditions, 1 targets
            Lost /rules/6: "rule" is not understood here.
            Lost /widgets: "widgets" has no counterpart.
            Lost /replacement_phones_groups/phone_selectors/1: This is no mask: numbers
                are shown in the shape of the page's.
            Lost /replacement_phones_groups/phone_selectors/1: The element is named above
                already.
            Lost /replacement_phones_groups/phone_selectors/2/image: "image" has no
                counterpart.
            Lost /replacement_phones_groups/phone_selectors/4: "x" is not understood
                here.
            Lost /replacement_phones_groups/phone_selectors/5: No element can be chosen
                by "" "".
            Changed : Replacement groups belong to the site: every rule gets all their
                elements.
            Changed : Of rules that overlap the one that stands first wins; their
                "priority" is not read.
            Lost /rules/1/reserve_phone_numbers_time: "long" is no number of minutes:
                numbers are held as usual.
            Lost /rules/1/conditions/1: The condition
                {"field":"city","not":true,"operator":"equals","value":"Tver"} has no
                counterpart; the scenario is off.
            Lost /rules/1: The document holds no numbers: add some to the pool.
            Lost /rules/2/call_tracking_type: "callback" is not known here; the scenario
                is off.
            Lost /rules/2/rule_type: "5" is not known here; the scenario is off.
            Lost /rules/2/state: "paused" is not known here; the scenario is off.
            Lost /rules/2/is_all_traffic: [1] is not understood here.
            Lost /rules/2/conditions/condition: "xor" is not understood here.
            Lost /rules/2: The document holds no numbers: add some to the pool.
            Lost /rules/3/sources/1: {"id":2} is not understood here.
            Lost /rules/3/conditions/negate: "negate" has no counterpart.
            Lost /rules/3/conditions/filters/4: The condition 7 has no counterpart; the
                scenario is off.
            Lost /rules/3/conditions: Alternatives over several things, or several
                demands on one, cannot be said here; the scenario is off. Make a scenario
                for each alternative.
            Lost /rules/3: The document holds no numbers: add some to the pool.
            Lost /rules/4: There is no number for the source "vk".
            Lost /rules/5: Neither all traffic nor a condition: whom it is for is not
                said; the scenario is off.
            Lost /rules/5: The document holds no numbers: add some to the pool.
            Lost /rules/2: "hold_ms" 60000000000 was left out: Must be from 10000 to
                604800000.
            Lost /rules/2: "policy" {"demote_passive":{"after_ms":60000000000}} was left
                out: Must be from 1000 to 604800000.
            Lost /rules/0: "targets" {"mask":null,"selector":"a["} was left out: "a["
                selects nothing.
            Lost /rules/0: "targets" {"class":"p q","mask":null} was left out: "p q"
                selects nothing.
            Lost /rules/1: "targets" {"mask":null,"selector":"a["} was left out: "a["
                selects nothing.
            Lost /rules/1: "targets" {"class":"p q","mask":null} was left out: "p q"
                selects nothing.
            Lost /rules/2: "targets" {"mask":null,"selector":"a["} was left out: "a["
                selects nothing.
            Lost /rules/2: "targets" {"class":"p q","mask":null} was left out: "p q"
                selects nothing.
            Lost /rules/3: "conditions"
                {"dimension":"channel","operator":"equals","values":["radio"]} was left
                out: "radio" is not known here.
            Lost /rules/3: "targets" {"mask":null,"selector":"a["} was left out: "a["
                selects nothing.
            Lost /rules/3: "targets" {"class":"p q","mask":null} was left out: "p q"
                selects nothing.
            Lost /rules/4: "targets" {"mask":null,"selector":"a["} was left out: "a["
                selects nothing.
            Lost /rules/4: "targets" {"class":"p q","mask":null} was left out: "p q"
                selects nothing.
            Lost /rules/5: "targets" {"mask":null,"selector":"a["} was left out: "a["
                selects nothing.
            Lost /rules/5: "targets" {"class":"p q","mask":null} was left out: "p q"
                selects nothing.
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

/// JSON of a few levels.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop_oneof![0..3i64, any::<i64>()].prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,9}".prop_map(Value::from),
        prop::sample::select(vec!["74950000009", "static", "or", ".a", "1"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-c0-9]{1,2}", inner, 0..3)
                .prop_map(|members| members.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

/// Whether a rule with `value` at `place` really is for everybody: nobody said for whom it is.
fn says_everybody(place: &str, value: &Value) -> bool {
    let nothing = match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    match place {
        "/options/segments" => nothing,
        "/rules/0/is_all_traffic" => true,
        // Read anew as rules and groups of another form.
        "/rules" | "/groups" => true,
        // Bound to sources, not to conditions.
        "/options/calltracking_type" => true,
        _ => false,
    }
}

proptest! {
    /// Whatever stands where: an accepted configuration, or a reason; and whoever lost a part of
    /// his conditions is off.
    #[test]
    fn any_value_anywhere_is_answered(
        place in prop::sample::select(vec![
            "/options/segments", "/options/segments/0", "/options/segments/0/2", "/options/redirect",
            "/options/css_selector", "/options/phone_format", "/options/replaceable_numbers",
            "/options/calltracking_type", "/phones", "/name", "/is_enabled", "/integration",
        ]),
        rule_place in prop::sample::select(vec![
            "/rules", "/rules/0/conditions", "/rules/0/conditions/filters", "/rules/0/name",
            "/rules/0/conditions/filters/0", "/rules/0/conditions/filters/0/value",
            "/rules/0/conditions/condition", "/rules/0/sources", "/rules/0/is_all_traffic",
            "/rules/0/reserve_phone_numbers_time", "/rules/0/phone_numbers", "/groups",
            "/groups/0/phone_selectors", "/groups/0/phone_selectors/0/element_attribute_value",
            "/groups/0/phone_selectors/0/phone_number_mask", "/rules/0/state",
        ]),
        value in any_json(),
    ) {
        let roistat = json!({"name": "a", "phones": ["74950000005"], "is_enabled": true,
            "integration": {}, "options": {"segments": [["city", "=", "Moscow"]],
            "css_selector": [".a"], "phone_format": "8 (XXX) XXX-XX-XX",
            "replaceable_numbers": ["74950000088"], "redirect": {"value": "74950000077"},
            "calltracking_type": "dynamic"}});
        let uis = json!({"rules": [{"name": "a", "call_tracking_type": "dynamic", "state": "active",
            "is_all_traffic": false, "sources": [], "phone_numbers": ["74950000006"],
            "reserve_phone_numbers_time": 20, "conditions": {"condition": "and", "filters": [
            {"field": "city", "operator": "equals", "value": "Moscow"}]}}],
            "groups": [{"name": "G", "phone_selectors": [{"element_attribute": "class",
            "element_attribute_value": "a", "phone_number_mask": "{phone}"}]}]});
        let documents = [(ImportFrom::Roistat, roistat, place), (ImportFrom::Uis, uis, rule_place)];
        for (from, mut document, place) in documents {
            *document.pointer_mut(place).expect("it is there") = value.clone();
            let Ok(imported) = import(from, &document.to_string(), &site()) else {
                continue;
            };
            let again = SiteConfig::parse(&imported.config.to_json()).expect("accepted");
            prop_assert_eq!(&again, &imported.config);
            for scenario in &imported.config.scenarios[1..] {
                prop_assert!(!scenario.enabled || !scenario.conditions.is_empty()
                    || says_everybody(place, &value), "{} {}", place, value);
            }
        }
    }

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
