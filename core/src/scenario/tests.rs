//! Which scenarios a visit gets, and why.

use super::*;
use crate::condition::VisitFacts;
use crate::label::read_labels;
use crate::site::SiteConfig;
use expect_test::{Expect, expect};
use proptest::prelude::*;

fn scenarios(json: serde_json::Value) -> Vec<Scenario> {
    let document = serde_json::json!({
        "v": 1, "site": "shop", "name": "Shop", "origins": ["https://shop.example"],
        "time_zone": "Europe/Moscow", "country_code": "7",
        "pools": [{"id": "p", "numbers": ["74950000001"]}], "scenarios": json,
    });
    SiteConfig::parse(&document.to_string())
        .expect("a configuration")
        .scenarios
}

fn visit(url: &str) -> VisitFacts {
    let labels = read_labels(url, "", None).labels;
    let origin = crate::channel::classify(url, "", &labels, |_| false);
    VisitFacts {
        labels,
        origin,
        landing_page: url.to_owned(),
        ..VisitFacts::default()
    }
}

fn check(scenarios: &[Scenario], url: &str, expect: Expect) {
    let matching = match_scenarios(&visit(url), scenarios);
    let mut out = String::new();
    for decision in &matching.decisions {
        out += &format!("{} {:?}\n", decision.scenario, decision.outcome);
    }
    for found in &matching.matches {
        out += &format!("{} gives {:?}\n", found.scenario.id, found.give);
    }
    expect.assert_eq(&out);
}

#[test]
fn every_scenario_says_why() {
    let scenarios = scenarios(serde_json::json!([
        {"id": "all", "kind": "dynamic", "pool": "p", "targets": [{"class": "a"}]},
        {"id": "off", "kind": "dynamic", "pool": "p", "enabled": false},
        {"id": "paid", "kind": "dynamic", "pool": "p", "priority": 5,
         "targets": [{"class": "a"}, {"class": "b"}],
         "conditions": [{"dimension": "channel", "values": ["paid"]}]},
        {"id": "print", "kind": "static", "targets": [{"class": "c"}],
         "bindings": [{"number": "74950000011", "source": "vk4"},
                      {"number": "74950000012", "source": "tv", "offline": true}]},
        {"id": "campaigns", "kind": "params", "pool": "p", "targets": [{"class": "d"}],
         "params": ["utm_source", "utm_campaign"]},
    ]));
    check(
        &scenarios,
        "https://shop.example/",
        expect![[r#"
        paid Refused(Refusal { dimension: Channel, seen: ["direct"], excluded: false })
        all Matched
        off Disabled
        print NoSource
        campaigns NoParams
        all gives Pool { pool: PoolId("p") }
    "#]],
    );
    check(
        &scenarios,
        "https://shop.example/?utm_source=Yandex&utm_medium=cpc",
        expect![[r#"
        paid Matched
        all Shadowed { by: ScenarioId("paid") }
        off Disabled
        print NoSource
        campaigns Matched
        paid gives Pool { pool: PoolId("p") }
        campaigns gives Params { pool: PoolId("p"), values: ["yandex", ""] }
    "#]],
    );
    check(
        &scenarios,
        "https://shop.example/?roistat=VK4_post",
        expect![[r#"
        paid Refused(Refusal { dimension: Channel, seen: ["social"], excluded: false })
        all Matched
        off Disabled
        print Matched
        campaigns NoParams
        all gives Pool { pool: PoolId("p") }
        print gives Static { number: 74950000011, source: "vk4" }
    "#]],
    );
}

/// A static number is shown for its own source only: not for one that begins alike, nor offline.
#[test]
fn static_numbers_and_their_sources() {
    let scenarios = scenarios(serde_json::json!([
        {"id": "print", "kind": "static",
         "bindings": [{"number": "74950000011", "source": "vk4"},
                      {"number": "74950000012", "source": "tv", "offline": true},
                      {"number": "74950000013", "source": "email"},
                      {"number": "74950000014", "source": "by-conditions",
                       "conditions": [{"dimension": "utm_content", "values": ["x"]}]}]},
    ]));
    let shown = |query: &str| {
        let facts = visit(&format!("https://shop.example/{query}"));
        match_scenarios(&facts, &scenarios)
            .matches
            .first()
            .map(|found| match &found.give {
                Give::Static { source, .. } => source.clone(),
                other => panic!("{other:?}"),
            })
    };
    assert_eq!(shown("?roistat=vk4"), Some("vk4".to_owned()));
    assert_eq!(shown("?rs=vk4_a_b"), Some("vk4".to_owned()));
    assert_eq!(shown("?rs=vk44_a"), None);
    assert_eq!(shown("?utm_source=VK4"), Some("vk4".to_owned()));
    assert_eq!(shown("?rs=tv"), None);
    assert_eq!(
        shown("?utm_source=news&utm_medium=email"),
        Some("email".to_owned())
    );
    assert_eq!(shown("?utm_source=by-conditions"), None);
    assert_eq!(shown("?utm_content=x"), Some("by-conditions".to_owned()));
    assert_eq!(shown(""), None);
}

#[test]
fn overlapping_scenarios_go_by_priority_then_order() {
    let scenario = |id: &str, priority: i32, classes: &[&str]| {
        let targets: Vec<_> = classes
            .iter()
            .map(|class| serde_json::json!({"class": class}))
            .collect();
        serde_json::json!({"id": id, "kind": "dynamic", "pool": "p", "priority": priority,
            "targets": targets})
    };
    let scenarios = scenarios(
        vec![
            scenario("first", 0, &["a"]),
            scenario("second", 0, &["a"]),
            scenario("wide", -1, &["a", "b"]),
            scenario("between", -2, &["b", "a"]),
            scenario("none", 9, &[]),
        ]
        .into(),
    );
    check(
        &scenarios,
        "https://shop.example/",
        expect![[r#"
        none Matched
        first Matched
        second Shadowed { by: ScenarioId("first") }
        wide Matched
        between Shadowed { by: ScenarioId("wide") }
        none gives Pool { pool: PoolId("p") }
        first gives Pool { pool: PoolId("p") }
        wide gives Pool { pool: PoolId("p") }
    "#]],
    );
}

proptest! {
    /// Every scenario gets one decision; no element is claimed in vain: whatever target a left-out
    /// scenario has, a better matched one has it too.
    #[test]
    fn shadowing_takes_nothing_away(
        list in prop::collection::vec((-2i32..3, prop::collection::btree_set("[a-d]", 1..4)), 0..7),
    ) {
        let json: Vec<_> = list.iter().enumerate().map(|(n, (priority, classes))| {
            let targets: Vec<_> =
                classes.iter().map(|class| serde_json::json!({"class": class})).collect();
            serde_json::json!({"id": format!("s{n}"), "kind": "dynamic", "pool": "p",
                "priority": priority, "targets": targets})
        }).collect();
        let scenarios = scenarios(json.into());
        let matching = match_scenarios(&visit("https://shop.example/"), &scenarios);
        prop_assert_eq!(matching.decisions.len(), scenarios.len());
        let claimed = |selector: &Selector| matching.matches.iter().any(|found| {
            found.scenario.targets.iter().any(|target| target.selector == *selector)
        });
        for scenario in &scenarios {
            prop_assert!(scenario.targets.iter().all(|target| claimed(&target.selector)));
        }
        prop_assert!(matching.matches.is_sorted_by_key(|found| -found.scenario.priority));
    }
}
