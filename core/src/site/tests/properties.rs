//! Configurations at random, whole and damaged.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn any_condition() -> impl Strategy<Value = Value> {
    let dimension = prop::sample::select(
        crate::condition::Dimension::all()
            .map(|it| it.name())
            .collect::<Vec<_>>(),
    );
    let operator = prop::sample::select(vec!["contains", "wildcard", "regex"]);
    let values = prop::collection::vec("[a-zа-я0-9.*]{1,8}[a-z]", 1..4);
    (dimension, operator, values, any::<bool>()).prop_map(|(dimension, operator, values, negate)| {
        let values: Vec<_> = values.iter().map(|text| text.trim_start_matches('*')).collect();
        json!({"dimension": dimension, "operator": operator, "values": values, "negate": negate})
    })
}

fn any_scenario(number: usize) -> impl Strategy<Value = Value> {
    let mask = prop::option::of(prop::sample::select(vec![
        "8 (XXX) XXX-XX-XX",
        "+# ### #######",
        "{trunk} {city} {phone:##-##-##}",
    ]));
    let kind = prop::sample::select(vec!["dynamic", "static", "params"]);
    let conditions = prop::collection::vec(any_condition(), 0..4);
    let rest = (
        mask,
        -1000i64..=1000,
        any::<bool>(),
        prop::option::of(1u64..=3600),
    );
    (kind, conditions, rest).prop_map(move |(kind, conditions, rest)| {
        let (mask, priority, enabled, talk) = rest;
        let mut scenario = json!({
            "id": format!("s{number}"), "name": "Имя", "enabled": enabled, "kind": kind,
            "priority": priority, "conditions": conditions, "mask": mask, "target_talk_s": talk,
            "targets": [{"class": "phone"}, {"selector": "a[href]", "mask": mask}],
            "exclusions": [{"number": "74951112233"}],
        });
        match kind {
            "static" => {
                let digits = format!("7812{number:07}");
                scenario["bindings"] = json!([{"number": digits, "source": "tv"}]);
            }
            "params" => {
                scenario["pool"] = "p0".into();
                scenario["params"] = json!(["utm_source", "city"]);
            }
            _ => scenario["pool"] = "p0".into(),
        }
        scenario
    })
}

fn any_config() -> impl Strategy<Value = Value> {
    let scenarios =
        (0usize..4).prop_flat_map(|count| (0..count).map(any_scenario).collect::<Vec<_>>());
    let policy = prop_oneof![
        Just(json!("roistat")),
        Just(json!("take_oldest")),
        (1_000u64..1_000_000).prop_map(|ms| json!({"tab_and_freeze": {"ms": ms}})),
    ];
    let hold = 60_000u64..600_000;
    (scenarios, policy, hold, 0usize..30).prop_map(|(scenarios, policy, hold, count)| {
        let numbers: Vec<_> = (0..count).map(|n| format!("7495{n:07}")).collect();
        let mut value: Value = serde_json::from_str(SMALL).expect("JSON");
        value["pools"] =
            json!([{"id": "p0", "numbers": numbers, "policy": policy, "hold_ms": hold}]);
        value["scenarios"] = scenarios.into();
        value
    })
}

proptest! {
    #[test]
    fn parse_of_write_is_the_same(value in any_config()) {
        let config = parse(&value.to_string());
        prop_assert_eq!(parse(&config.to_json()), config.clone());
        prop_assert_eq!(diff(&config, &config), []);
        // Whatever is accepted can be served.
        PublicConfig::new(&config, 1).to_json();
        for pool in &config.pools {
            config.pool_config(pool);
        }
    }

    /// Whatever one value becomes, the answer is a configuration or faults, never a panic, and
    /// every fault points at something that is there.
    #[test]
    fn a_damaged_document_is_explained(
        place in any::<prop::sample::Index>(),
        by in prop_oneof![
            Just(Value::Null), Just(json!([])), Just(json!({})), Just(json!("x")),
            Just(json!(-1)), Just(json!(1.5)), Just(json!(true)), Just(json!("😀\u{0}")),
        ],
    ) {
        let mut value: Value = serde_json::from_str(FULL).expect("JSON");
        let pointers = pointers(&value);
        let pointer = place.get(&pointers);
        *value.pointer_mut(pointer).expect("a place") = by;
        if let Err(faults) = SiteConfig::parse(&value.to_string()) {
            prop_assert!(!faults.is_empty());
            for fault in faults {
                let there = value.pointer(&fault.pointer).is_some();
                let telephony = fault.pointer.starts_with("/telephony/");
                prop_assert!(there || telephony, "{fault}");
            }
        }
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,80}") {
        prop_assert!(SiteConfig::parse(&text).is_err());
        let _ = OriginPattern::parse(&text);
    }
}

fn pointers(value: &Value) -> Vec<String> {
    fn walk(value: &Value, at: &str, out: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    out.push(format!("{at}/{name}"));
                    walk(value, &format!("{at}/{name}"), out);
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    out.push(format!("{at}/{index}"));
                    walk(value, &format!("{at}/{index}"), out);
                }
            }
            _ => {}
        }
    }
    let mut out = Vec::new();
    walk(value, "", &mut out);
    out
}
