//! The table of numbers, and every action on it.

use super::*;
use crate::site::PoolConfig;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use std::collections::BTreeSet;

const SHOP: &str = r#"{
    "v": 1, "site": "shop", "name": "Shop", "origins": ["https://shop.example"],
    "time_zone": "Europe/Moscow", "country_code": "7", "area_code": "495",
    "numbers": [
        {"number": "74950000009", "city": "Москва"},
        {"number": "74950000002", "status": "quarantined"}
    ],
    "pools": [
        {"id": "a", "numbers": ["74950000001", "74950000002"]},
        {"id": "b", "numbers": ["74950000003"]}
    ],
    "scenarios": [
        {"id": "dynamic", "kind": "dynamic", "pool": "a", "reserve_number": "74950000004"},
        {"id": "print", "kind": "static",
         "bindings": [{"number": "74950000005", "source": "tv"}]}
    ]
}"#;

fn shop() -> SiteConfig {
    SiteConfig::parse(SHOP).expect("a configuration")
}

fn show(config: &SiteConfig, filter: NumberFilter) -> String {
    let line = |row: NumberRow| {
        let place = match row.place {
            NumberPlace::Free => "free".to_owned(),
            NumberPlace::Pool { pool, .. } => format!("pool {pool}"),
            NumberPlace::Static { source, .. } => format!("source {source}"),
            NumberPlace::Reserve { scenarios } => format!("reserve of {}", scenarios[0]),
        };
        let status = match row.status {
            NumberStatus::Active => "",
            NumberStatus::Quarantined => " quarantined",
            NumberStatus::Disabled => " disabled",
        };
        format!("{} {place}{status}\n", row.number)
    };
    rows(config, filter).into_iter().map(line).collect()
}

fn check(action: serde_json::Value, expect: Expect) {
    let action: NumberAction = serde_json::from_value(action).expect("an action");
    let shown = match apply(&shop(), &action) {
        Ok(applied) => {
            let mut out = show(&applied.config, NumberFilter::All);
            out += &format!("note: {} | {}\n", applied.note.en, applied.note.ru);
            let edited = edit_document(SHOP, &applied.config).expect("JSON");
            let edited = SiteConfig::parse(&edited).expect("accepted");
            assert_eq!(edited, applied.config, "the edited document says the same");
            out
        }
        Err(ActionError::Refused(refusals)) => refusals
            .iter()
            .map(|refusal| format!("{}: {} {:?}\n", refusal.pointer, refusal.code, refusal.text))
            .collect(),
        Err(ActionError::Faults(faults)) => faults
            .iter()
            .map(|fault| format!("{} {}\n", fault.pointer, fault.code))
            .collect(),
    };
    expect.assert_eq(&shown);
}

#[test]
fn the_table_and_its_filters() {
    let config = shop();
    expect![[r#"
        74950000001 pool a
        74950000002 pool a quarantined
        74950000003 pool b
        74950000004 reserve of dynamic
        74950000005 source tv
        74950000009 free
    "#]]
    .assert_eq(&show(&config, NumberFilter::All));
    expect!["74950000009 free\n"].assert_eq(&show(&config, NumberFilter::Free));
    expect!["74950000004 reserve of dynamic\n"].assert_eq(&show(&config, NumberFilter::Reserve));
    expect!["74950000002 pool a quarantined\n"]
        .assert_eq(&show(&config, NumberFilter::Quarantined));
    assert_eq!(rows(&config, NumberFilter::Used).len(), 5);
}

#[test]
fn entering_numbers_as_pasted() {
    check(
        serde_json::json!({"action": "add",
            "numbers": ["000-00-10", "отдел продаж", "74950000010"]}),
        expect![[r#"
            /numbers: not_a_number "отдел продаж"
            /numbers: duplicate "74950000010"
        "#]],
    );
    check(
        serde_json::json!({"action": "add", "numbers": " "}),
        expect![[r#"
            /numbers: empty ""
        "#]],
    );
    check(
        serde_json::json!({"action": "add", "pool": "b", "numbers":
            "8 (495) 000-00-10, 000-00-11"}),
        expect![[r#"
            74950000001 pool a
            74950000002 pool a quarantined
            74950000003 pool b
            74950000004 reserve of dynamic
            74950000005 source tv
            74950000009 free
            74950000010 pool b
            74950000011 pool b
            note: 2 numbers into b | в пул b: номеров 2
        "#]],
    );
    check(
        serde_json::json!({"action": "add", "numbers": "74950000001"}),
        expect![[r#"
            : known "74950000001"
        "#]],
    );
    check(
        serde_json::json!({"action": "add", "numbers": "74950000010", "pool": "c"}),
        expect![[r#"
            /pool: unknown_pool "c"
        "#]],
    );
    check(
        serde_json::json!({"action": "add", "numbers": "74950000010", "connected": "yesterday"}),
        expect![[r#"
            /numbers/2/connected bad_date
        "#]],
    );
}

#[test]
fn moving_and_removing() {
    check(
        serde_json::json!({"action": "assign", "numbers": ["74950000001"], "pool": "b"}),
        expect![[r#"
            74950000001 pool b
            74950000002 pool a quarantined
            74950000003 pool b
            74950000004 reserve of dynamic
            74950000005 source tv
            74950000009 free
            note: 74950000001 into b | в пул b: 74950000001
        "#]],
    );
    check(
        serde_json::json!({"action": "assign", "numbers": ["74950000004"], "pool": "b"}),
        expect![[r#"
            : in_use "74950000004"
        "#]],
    );
    check(
        serde_json::json!({"action": "remove", "numbers": ["74950000003", "74950000005"]}),
        expect![[r#"
            74950000001 pool a
            74950000002 pool a quarantined
            74950000003 free
            74950000004 reserve of dynamic
            74950000005 free
            74950000009 free
            note: 2 numbers removed | убрано из сценариев: номеров 2
        "#]],
    );
    check(
        serde_json::json!({"action": "delete", "numbers": ["74950000001", "79990000000"]}),
        expect![[r#"
            : unknown "79990000000"
        "#]],
    );
    check(
        serde_json::json!({"action": "delete", "numbers": ["74950000001", "74950000009"]}),
        expect![[r#"
            74950000002 pool a quarantined
            74950000003 pool b
            74950000004 reserve of dynamic
            74950000005 source tv
            note: 2 numbers deleted | удалено: номеров 2
        "#]],
    );
}

#[test]
fn reserve_quarantine_and_replacement() {
    check(
        serde_json::json!({"action": "make_reserve", "number": "74950000001",
            "scenario": "dynamic"}),
        expect![[r#"
            74950000001 reserve of dynamic
            74950000002 pool a quarantined
            74950000003 pool b
            74950000004 free
            74950000005 source tv
            74950000009 free
            note: 74950000001 is the reserve of dynamic | резерв сценария dynamic: 74950000001
        "#]],
    );
    check(
        serde_json::json!({"action": "quarantine", "numbers": ["74950000001"]}),
        expect![[r#"
            74950000001 pool a quarantined
            74950000002 pool a quarantined
            74950000003 pool b
            74950000004 reserve of dynamic
            74950000005 source tv
            74950000009 free
            note: 74950000001 quarantined | в карантин: 74950000001
        "#]],
    );
    check(
        serde_json::json!({"action": "release", "numbers": ["74950000002"]}),
        expect![[r#"
            74950000001 pool a
            74950000002 pool a
            74950000003 pool b
            74950000004 reserve of dynamic
            74950000005 source tv
            74950000009 free
            note: 74950000002 released | возвращено: 74950000002
        "#]],
    );
    check(
        serde_json::json!({"action": "replace", "number": "74950000001", "by": "74950000009"}),
        expect![[r#"
            74950000001 free
            74950000002 pool a quarantined
            74950000003 pool b
            74950000004 reserve of dynamic
            74950000005 source tv
            74950000009 pool a
            note: 74950000009 in the place of 74950000001 | вместо 74950000001: 74950000009
        "#]],
    );
    check(
        serde_json::json!({"action": "bind", "number": "74950000009", "scenario": "print",
            "source": "radio", "offline": true}),
        expect![[r#"
            74950000001 pool a
            74950000002 pool a quarantined
            74950000003 pool b
            74950000004 reserve of dynamic
            74950000005 source tv
            74950000009 source radio
            note: 74950000009 bound to radio | за radio закреплено: 74950000009
        "#]],
    );
    check(
        serde_json::json!({"action": "bind", "number": "74950000009", "scenario": "dynamic",
            "source": "radio"}),
        expect![[r#"
            /scenario: not_static "dynamic"
        "#]],
    );
}

#[test]
fn forwarding() {
    let forwarded = |action: serde_json::Value| {
        let action: NumberAction = serde_json::from_value(action).expect("an action");
        let applied = apply(&shop(), &action).map_err(|error| match error {
            ActionError::Refused(all) => format!("{} {}", all[0].pointer, all[0].code),
            ActionError::Faults(all) => format!("{} {}", all[0].pointer, all[0].code),
        });
        applied.map_or_else(
            |why| why,
            |applied| {
                let number = E164::parse("74950000001").expect("a number");
                let record = applied.config.record(number);
                let forward = record.and_then(|record| record.forward.clone());
                let told = serde_json::to_string(&forward).expect("JSON");
                format!("{told} {}", applied.note.en)
            },
        )
    };
    let said = [
        serde_json::json!({"phone": "8 (495) 123-45-67", "whisper": true}),
        serde_json::json!({"sip": "sip:sales@pbx.example", "extension": "101"}),
        serde_json::json!({"extension": "101"}),
        serde_json::json!({}),
        serde_json::json!({"phone": "sales"}),
        serde_json::json!({"phone": "74951234567", "sip": "sip:a@b"}),
        serde_json::json!({"sip": "sales"}),
        serde_json::json!({"numbers": "79990000000", "phone": "74951234567"}),
    ]
    .map(|mut action| {
        action["action"] = "forward".into();
        if action.get("numbers").is_none() {
            action["numbers"] = "495 000-00-01".into();
        }
        forwarded(action)
    });
    expect![[r#"
        {"phone":"74951234567","whisper":true} 74950000001 forwarded
        {"sip":"sip:sales@pbx.example","extension":"101"} 74950000001 forwarded
        {"extension":"101"} 74950000001 forwarded
        null 74950000001 forwarded as the scenario says
        /phone not_a_number
        /phone one_of
        /numbers/0/forward/sip bad_sip
         unknown
    "#]]
    .assert_eq(&format!("{}\n", said.join("\n")));
}

fn any_action() -> impl Strategy<Value = NumberAction> {
    let digits = || (0u64..12).prop_map(|n| (74_950_000_000 + n).to_string());
    let number = move || digits().prop_map(Pasted::Text);
    let numbers = move || prop::collection::vec(digits(), 1..4).prop_map(Pasted::List);
    let pool = || prop::sample::select(vec!["a", "b", "c"]);
    let pool = move || pool().prop_map(|id| PoolId::parse(id).expect("an id"));
    let scenario = || prop::sample::select(vec!["dynamic", "print", "none"]);
    let scenario = move || scenario().prop_map(|id| ScenarioId::parse(id).expect("an id"));
    prop_oneof![
        (numbers(), prop::option::of(pool())).prop_map(|(numbers, pool)| NumberAction::Add {
            numbers,
            rented: false,
            connected: None,
            city: None,
            pool,
        }),
        (numbers(), pool()).prop_map(|(numbers, pool)| NumberAction::Assign { numbers, pool }),
        (number(), scenario()).prop_map(|(number, scenario)| NumberAction::Bind {
            number,
            scenario,
            source: "x".to_owned(),
            offline: false,
        }),
        numbers().prop_map(|numbers| NumberAction::Remove { numbers }),
        (number(), scenario())
            .prop_map(|(number, scenario)| NumberAction::MakeReserve { number, scenario }),
        numbers().prop_map(|numbers| NumberAction::Quarantine { numbers }),
        numbers().prop_map(|numbers| NumberAction::Release { numbers }),
        numbers().prop_map(|numbers| NumberAction::Delete { numbers }),
        (number(), number()).prop_map(|(number, by)| NumberAction::Replace { number, by }),
        (numbers(), prop::option::of(digits())).prop_map(|(numbers, phone)| {
            NumberAction::Forward {
                numbers,
                phone,
                sip: None,
                extension: None,
                whisper: false,
            }
        }),
    ]
}

/// Numbers a pool lends.
fn lent(config: &SiteConfig) -> BTreeSet<(PoolId, E164)> {
    let of = |pool: &PoolConfig| {
        let numbers = config.usable_numbers(pool).into_iter();
        numbers
            .map(|number| (pool.id.clone(), number))
            .collect::<Vec<_>>()
    };
    config.pools.iter().flat_map(of).collect()
}

proptest! {
    /// Whatever is done in whatever order: each step is accepted as a configuration or changes
    /// nothing, and no number begins or ends to be lent without being told of.
    #[test]
    fn every_history_of_actions_keeps_the_configuration_whole(
        actions in prop::collection::vec(any_action(), 1..12),
    ) {
        let mut config = shop();
        for action in actions {
            let Ok(applied) = apply(&config, &action) else {
                continue;
            };
            let again = SiteConfig::parse(&applied.config.to_json()).expect("accepted");
            prop_assert_eq!(&again, &applied.config);
            let before = lent(&config);
            let after = lent(&applied.config);
            for (_, number) in before.symmetric_difference(&after) {
                prop_assert!(applied.changed.contains(number), "{number} of {action:?}");
            }
            config = applied.config;
        }
    }
}

#[test]
fn what_is_listed_back_says_why() {
    let numbers = "8 (495) 000-00-71, +7 495 000 00 72\n\
                   7 (495) 000-00-73 000-00-74; foo, 12\n84950000071";
    let action = serde_json::json!({"action": "add", "pool": "a", "numbers": numbers});
    let action: NumberAction = serde_json::from_value(action).expect("an action");
    let Err(ActionError::Refused(refusals)) = apply(&shop(), &action) else {
        panic!("it was done");
    };
    let said = refusals
        .iter()
        .map(|one| format!("{}\n{}\n{}\n", one.text, one.message.en, one.message.ru));
    expect![[r#"
        foo
        Piece 5 in line 2: this is no telephone number.
        Фрагмент 5 в строке 2: это не номер телефона.
        12
        Piece 6 in line 2: it has too few digits.
        Фрагмент 6 в строке 2: слишком мало цифр.
        84950000071
        Piece 7 in line 3: the same number as piece 1.
        Фрагмент 7 в строке 3: тот же номер, что во фрагменте 1.
    "#]]
    .assert_eq(&said.collect::<String>());
}
