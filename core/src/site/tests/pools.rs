//! The rule of a pool, its colouring, and how its calls are judged.

use super::{SMALL, check};
use crate::condition::VisitFacts;
use crate::label::read_labels;
use crate::pool::Source;
use crate::site::SiteConfig;
use expect_test::{Expect, expect};

#[test]
fn regions_and_abstaining() {
    for colouring in ["learnt", "on", "off"] {
        check(
            |v| v["pools"][0]["region_colouring"] = colouring.into(),
            expect!["accepted\n"],
        );
    }
    check(
        |v| {
            v["pools"][0]["region_colouring"] = true.into();
            v["attribution"] =
                serde_json::json!({"abstain_below_percent": 100, "ignore_regions": "no"});
        },
        expect![[r#"
            /attribution/abstain_below_percent: out_of_range: Must be from 0 to 99.
                Choose a value within.
            /attribution/ignore_regions: wrong_type: Expected boolean, found string.
                Write boolean.
            /pools/0/region_colouring: wrong_type: Expected string, found boolean. Write
                string.
        "#]],
    );
    let mut value: serde_json::Value = serde_json::from_str(SMALL).expect("JSON");
    value["pools"][0]["region_colouring"] = "on".into();
    value["attribution"] = serde_json::json!({"abstain_below_percent": 80, "ignore_regions": true});
    let config = SiteConfig::parse(&value.to_string()).expect("accepted");
    let written = serde_json::to_value(&config).expect("JSON");
    assert_eq!(written["attribution"]["abstain_below_percent"], 80);
    assert_eq!(written["attribution"]["ignore_regions"], true);
    assert_eq!(written["pools"][0]["region_colouring"], "on");
    let pool = config.pool_config(&config.pools[0]);
    assert_eq!(pool.region_colouring, crate::pool::Colouring::On);
}

#[test]
fn the_accuracy_wanted() {
    let accuracy = |percent: serde_json::Value, expect: Expect| {
        check(|v| v["pools"][0]["accuracy_percent"] = percent, expect);
    };
    for percent in [50, 90, 95, 100] {
        accuracy(percent.into(), expect!["accepted\n"]);
    }
    accuracy(
        49.into(),
        expect![[r#"
            /pools/0/accuracy_percent: out_of_range: Must be from 50 to 100. Choose a
                value within.
        "#]],
    );
    accuracy(
        "95 %".into(),
        expect![[r#"
            /pools/0/accuracy_percent: wrong_type: Expected a whole number, found string.
                Write a whole number.
        "#]],
    );
    let mut value: serde_json::Value = serde_json::from_str(SMALL).expect("JSON");
    let written = |value: &serde_json::Value| {
        let config = SiteConfig::parse(&value.to_string()).expect("accepted");
        let percent = config.pools[0].accuracy_percent;
        let written = serde_json::to_value(&config).expect("JSON");
        (percent, written["pools"][0]["accuracy_percent"].clone())
    };
    assert_eq!(written(&value), (90, serde_json::Value::Null));
    value["pools"][0]["accuracy_percent"] = 97.into();
    assert_eq!(written(&value), (97, 97.into()));
}

#[test]
fn policies() {
    let policy = |policy: serde_json::Value, expect: Expect| {
        check(|v| v["pools"][0]["policy"] = policy, expect);
    };
    for name in [
        "ringlet",
        "roistat",
        "take_oldest",
        "pool_per_source",
        "longest_idle",
    ] {
        policy(name.into(), expect!["accepted\n"]);
    }
    policy(
        serde_json::json!({"fixed_hold": {"ms": 60000}}),
        expect!["accepted\n"],
    );
    policy(
        serde_json::json!({"demote_passive": {}}),
        expect![[r#"
            /pools/0/policy/demote_passive: missing: "after_ms" is missing. Add
                "after_ms".
        "#]],
    );
    policy(
        serde_json::json!({}),
        expect![[r#"
            /pools/0/policy: one_of: Exactly one must be given. One of: demote_passive,
                fixed_hold, tab_and_freeze, idle_release_and_freeze.
        "#]],
    );
    check(
        |v| v["pools"][0]["idle_release_ms"] = 150_001.into(),
        expect![[r#"
            /pools/0: idle_beyond_hold: The idle time is longer than the hold: it would
                never come to act. Shorten idle_release_ms or lengthen hold_ms.
        "#]],
    );
    // A short hold brings the idle time down with it.
    check(
        |v| v["pools"][0]["hold_ms"] = 20_000.into(),
        expect!["accepted\n"],
    );
}

/// Of the sources that a pool's numbers are for the one that says most of where a visit comes from.
#[test]
fn the_source_whose_numbers_a_visit_may_be_lent() {
    let mut value: serde_json::Value = serde_json::from_str(SMALL).expect("JSON");
    value["numbers"] = serde_json::json!([
        {"number": "74950000001", "source": "direct1"},
        {"number": "74950000002", "source": "direct1_search"},
    ]);
    let within = |value: &serde_json::Value, query: &str| {
        let config = SiteConfig::parse(&value.to_string()).expect("accepted");
        let labels = read_labels(&format!("https://shop.example/{query}"), "", None).labels;
        let facts = VisitFacts {
            labels,
            ..VisitFacts::default()
        };
        assert_eq!(config.source_within("else", &facts), Source(0));
        config.source_within("msk", &facts)
    };
    assert_eq!(within(&value, "?roistat=direct1_search_5"), Source(0));
    for policy in ["pool_per_source", "uis_by_source"] {
        value["pools"][0]["policy"] = policy.into();
        for (query, source) in [
            ("?roistat=direct1_search_5", Source::of("direct1_search")),
            ("?roistat=direct1_context_5", Source::of("direct1")),
            ("?utm_source=DIRECT1", Source::of("direct1")),
            ("?roistat=direct12", Source(0)),
            ("", Source(0)),
        ] {
            assert_eq!(within(&value, query), source, "{query}");
        }
    }
}

#[test]
fn a_place_is_that_of_the_document_whatever_was_left_out_before_it() {
    check(
        |v| {
            v["pools"] = serde_json::json!([{
                "id": "msk",
                "numbers": ["1", "74950000001", null, "2", "74950000001", "74950000002"],
            }]);
            v["scenarios"] = serde_json::json!([{
                "id": "radio", "kind": "static", "targets": [{"class": "a"}],
                "bindings": [{"number": "3", "source": "a"}, {"number": "74950000002", "source": "b"}],
            }]);
        },
        expect![[r#"
            /pools/0/numbers/0: bad_number: "1" is no telephone number. Write all digits
                with the country code, such as 74950000001.
            /pools/0/numbers/2: wrong_type: Expected string, found null. Write string.
            /pools/0/numbers/3: bad_number: "2" is no telephone number. Write all digits
                with the country code, such as 74950000001.
            /scenarios/0/bindings/0/number: bad_number: "3" is no telephone number. Write
                all digits with the country code, such as 74950000001.
            /pools/0/numbers/4: number_taken: The number 74950000001 stands at
                /pools/0/numbers/1 already. Keep it in one place: a number lives in one
                pool or has one source.
            /scenarios/0/bindings/1/number: number_taken: The number 74950000002 stands
                at /pools/0/numbers/5 already. Keep it in one place: a number lives in
                one pool or has one source.
        "#]],
    );
}
