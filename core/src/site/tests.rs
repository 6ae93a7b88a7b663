//! Documents accepted and refused, each fault by its place.

use super::*;
use expect_test::{Expect, expect};

mod origins;
mod pools;
mod properties;

const SMALL: &str = include_str!("golden/small.json");
const FULL: &str = include_str!("golden/full.json");

fn parse(json: &str) -> SiteConfig {
    SiteConfig::parse(json).unwrap_or_else(|faults| {
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        panic!("{}", lines.join("\n"))
    })
}

fn pretty(json: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(json).expect("JSON");
    serde_json::to_string_pretty(&value).expect("JSON")
}

#[test]
fn what_is_written_reads_back_the_same() {
    for json in [SMALL, FULL] {
        let config = parse(json);
        assert_eq!(parse(&config.to_json()), config);
    }
}

#[test]
fn the_small_document_gets_its_defaults() {
    expect_test::expect_file!["golden/small_written.json"]
        .assert_eq(&(pretty(&parse(SMALL).to_json()) + "\n"));
}

#[test]
fn browsers_get_only_what_they_may_know() {
    let config = parse(FULL);
    let json = PublicConfig::new(&config, 7).to_json();
    expect_test::expect_file!["golden/full_public.json"].assert_eq(&(pretty(&json) + "\n"));
    for pool in &config.pools {
        for number in &pool.numbers {
            assert!(!json.contains(&number.to_string()), "{number}");
        }
    }
    assert!(!json.contains("secret"));
}

/// Applies `edit` to the small document and shows the faults that follow.
fn check(edit: impl FnOnce(&mut serde_json::Value), expect: Expect) {
    let mut value: serde_json::Value = serde_json::from_str(SMALL).expect("JSON");
    edit(&mut value);
    check_text(&value.to_string(), expect);
}

fn check_text(json: &str, expect: Expect) {
    let shown = match SiteConfig::parse(json) {
        Ok(_) => "accepted\n".to_owned(),
        Err(faults) => faults
            .iter()
            .map(|fault| wrapped(&format!("{fault}")) + "\n")
            .collect(),
    };
    expect.assert_eq(&shown);
}

#[test]
fn faults_of_the_form() {
    check_text(
        "",
        expect![[r#"
            : not_json: This is not JSON: EOF while parsing a value at line 1 column 0.
                Correct the syntax.
        "#]],
    );
    check_text(
        "[]",
        expect![[r#"
        : wrong_type: Expected object, found array. Write object.
    "#]],
    );
    check_text(
        "{}",
        expect![[r#"
        : missing: "v" is missing. Add "v".
        : missing: "site" is missing. Add "site".
        : missing: "name" is missing. Add "name".
        : missing: "origins" is missing. Add "origins".
        : missing: "time_zone" is missing. Add "time_zone".
        : missing: "country_code" is missing. Add "country_code".
    "#]],
    );
    check(
        |v| v["v"] = 2.into(),
        expect![[r#"
        /v: version: This version of the form is not known. Write "v": 1.
    "#]],
    );
    check_text(
        &SMALL.replace("\"v\": 1,", "\"v\": 1, \"v\": 1,"),
        expect![[r#"
        /v: doubled_field: "v" stands twice. Keep one.
    "#]],
    );
    check(
        |v| v["pools"][0]["hold_mss"] = 1.into(),
        expect![[r#"
            /pools/0/hold_mss: unknown_field: "hold_mss" means nothing here. Did you mean
                "hold_ms"?
        "#]],
    );
    check(
        |v| v["a/b~c"] = 1.into(),
        expect![[r#"
        /a~1b~0c: unknown_field: "a/b~c" means nothing here. Remove it.
    "#]],
    );
}

#[test]
fn all_faults_are_told_at_once() {
    check(
        |v| {
            v["site"] = "Demo Shop".into();
            v["name"] = " ".into();
            v["origins"] = serde_json::json!(["shop.example", "https://*.ru", "ftp://a.example"]);
            v["time_zone"] = "Moscow".into();
            v["country_code"] = "8".into();
            v["area_code"] = "4x".into();
            v["cookie_domain"] = "other.example".into();
            v["consent"] = "cookiless".into();
            v["pools"][0]["hold_ms"] = (-1).into();
            v["pools"][0]["numbers"][1] = "8 (495) 000-00-01".into();
            v["pools"][0]["policy"] = "take_oldst".into();
            v["scenarios"][0]["kind"] = "dinamic".into();
            v["scenarios"][0]["mask"] = "8 (XXX) <b>".into();
            v["scenarios"][0]["targets"][0] = serde_json::json!({"class": ".phone"});
            v["telephony"]["generik"] = serde_json::json!({});
            v["telephony"]["generic"]["secrets"] = serde_json::json!([]);
            v["receivers"] = serde_json::json!([
                {"id": "crm", "url": "https://127.1/", "secrets": ["short"], "events": ["call"]},
                {"id": "crm", "url": "http://crm.example/", "secrets": []},
            ]);
        },
        expect![[r#"
            /site: bad_id: "Demo Shop" is no id. Use 1 to 64 of a-z, 0-9, - and _,
                beginning with a letter or digit.
            /name: empty: Empty. Give a value or remove the field.
            /origins/0: bad_origin: "shop.example": the scheme is missing. Such as
                https://shop.example or https://*.shop.example.
            /origins/1: bad_origin: "https://*.ru": * would admit strangers' sites. Such
                as https://shop.example or https://*.shop.example.
            /origins/2: bad_origin: "ftp://a.example": the scheme must be https or http.
                Such as https://shop.example or https://*.shop.example.
            /time_zone: bad_time_zone: "Moscow" is no time zone. Such as Europe/Moscow.
            /country_code: bad_country_code: "8" is no country code. Such as 7, 375 or 1.
            /area_code: bad_area_code: "4x" is no area code. Digits only, such as 495.
            /cookie_domain: bad_cookie_domain: No origin of the site lies under
                "other.example". Name the domain that the site's pages share, such as
                shop.example.
            /consent: unknown_value: "cookiless" is not known here. Did you mean
                "cookieless"?
            /pools/0/numbers/1: bad_number: "8 (495) 000-00-01" is no telephone number.
                Write all digits with the country code, such as 74950000001.
            /pools/0/hold_ms: out_of_range: Must be from 10000 to 604800000. Choose a
                value within.
            /pools/0/policy: unknown_value: "take_oldst" is not known here. Did you mean
                "take_oldest"?
            /scenarios/0/kind: unknown_value: "dinamic" is not known here. Did you mean
                "dynamic"?
            /scenarios/0/targets/0/class: bad_selector: ".phone" selects nothing.
                Classes, ids and names are one word without dot and #; brackets and
                quotes of a selector are closed.
            /scenarios/0/mask: bad_mask: "<" may not stand in a mask. Such as 8 (XXX)
                XXX-XX-XX, +# (###) ###-##-##, +{country} ({city}) {phone}.
            /telephony/generic/secrets: bad_telephony: the provider signs its events:
                give the secret. See the provider's page of the guide.
            /telephony/generik: unknown_field: "generik" means nothing here. Did you mean
                "generic"?
            /receivers/0/url: bad_receiver_url: "https://127.1/": this is no host name.
                Such as https://crm.example/ringlet.
            /receivers/0/secrets/0: short_secret: A secret has at least 16 characters.
                Make it at random.
            /receivers/0/events/0: unknown_value: "call" is not known here. One of:
                call.start, call.end, call.changed.
            /receivers/1/url: bad_receiver_url: "http://crm.example/": calls are told
                over https only. Such as https://crm.example/ringlet.
            /receivers/1/secrets: too_few: Fewer than 1. Give at least 1.
        "#]],
    );
}

#[test]
fn faults_across_the_document() {
    check(
        |v| {
            let pool = serde_json::json!({"id": "msk", "numbers": ["74950000001"]});
            v["pools"].as_array_mut().expect("pools").push(pool);
            let scenarios = v["scenarios"].as_array_mut().expect("scenarios");
            scenarios.push(serde_json::json!({
                "id": "header", "kind": "static", "pool": "msk",
                "bindings": [
                    {"number": "74950000002", "source": "vk"},
                    {"number": "74950000009", "source": "tv", "offline": true, "conditions": []},
                ],
                "reserve_number": "74950000009",
            }));
            scenarios.push(serde_json::json!({
                "id": "second", "kind": "dynamic", "pool": "mks", "reserve_number": "74950000003",
                "targets": [{"class": "a"}, {"class": "a"}, {"class": "b", "name": "c"}],
            }));
            v["numbers"] = serde_json::json!([
                {"number": "74950000001"}, {"number": "74950000001"}, {"number": "112"},
            ]);
        },
        expect![[r#"
            /numbers/2/number: bad_number: "112" is no telephone number. Write all digits
                with the country code, such as 74950000001.
            /scenarios/1/pool: not_here: "pool" has no meaning with "static". Remove it.
            /scenarios/1/bindings/1/conditions: not_here: "conditions" has no meaning
                with "offline". Remove it.
            /scenarios/2/targets/1: id_taken: This stands at /scenarios/2/targets/0
                already. Choose another.
            /scenarios/2/targets/2: one_of: Exactly one must be given. One of: class,
                selector, element_id, name, number, parts.
            /pools/1/id: id_taken: "msk" stands at /pools/0 already. Choose another.
            /scenarios/1/id: id_taken: "header" stands at /scenarios/0 already. Choose
                another.
            /pools/1/numbers/0: number_taken: The number 74950000001 stands at
                /pools/0/numbers/0 already. Keep it in one place: a number lives in one
                pool or has one source.
            /scenarios/1/bindings/0/number: number_taken: The number 74950000002 stands
                at /pools/0/numbers/1 already. Keep it in one place: a number lives in
                one pool or has one source.
            /numbers/1/number: number_taken: The number 74950000001 stands at
                /numbers/0/number already. Keep it in one place: a number lives in one
                pool or has one source.
            /scenarios/1/reserve_number: number_in_pool: The number 74950000009 is used
                at /scenarios/1/bindings/1/number. Remove it there or choose another
                reserve number.
            /scenarios/2/pool: unknown_pool: There is no pool "mks". Add the pool or name
                another.
            /scenarios/2/reserve_number: number_in_pool: The number 74950000003 is used
                at /pools/0/numbers/2. Remove it there or choose another reserve number.
        "#]],
    );
}

#[test]
fn faults_of_the_page() {
    check(
        |v| {
            v["page"] = serde_json::json!({
                "links": ["sms", "whatsap"],
                "attributes": ["href"],
                "image": "javascript:{number}",
                "structured_data": "drop",
                "analytics": ["google", 1],
                "linked_domains": ["elsewhere.example"],
            });
            let target = serde_json::json!({"parts": ".roistat-phone"});
            v["scenarios"][0]["targets"] = serde_json::json!([target]);
        },
        expect![[r#"
            /page/links/1: unknown_value: "whatsap" is not known here. Did you mean
                "whatsapp"?
            /page/analytics/1: wrong_type: Expected string, found number. Write string.
            /page/attributes/0: unknown_value: "href" is not known here. One of: title,
                aria-label, alt.
            /page/image: bad_image: "javascript:{number}" is no address of pictures. Such
                as /phones/{number}.svg.
            /page/structured_data: unknown_value: "drop" is not known here. One of: keep,
                swap.
            /page/linked_domains/0: bad_cookie_domain: No origin of the site lies under
                "elsewhere.example". Name the domain that the site's pages share, such as
                shop.example.
            /scenarios/0/targets/0/parts: bad_selector: ".roistat-phone" selects nothing.
                Classes, ids and names are one word without dot and #; brackets and
                quotes of a selector are closed.
        "#]],
    );
    for image in ["/p/{number}", "https://shop.example/{number}.svg"] {
        check(
            |v| v["page"] = serde_json::json!({"image": image}),
            expect!["accepted\n"],
        );
    }
    for image in [
        "/p",
        "/{number}/{number}",
        "http://x/{number}",
        "/a b{number}",
    ] {
        let document = SMALL.replacen('{', &format!(r#"{{"page":{{"image":"{image}"}},"#), 1);
        assert!(SiteConfig::parse(&document).is_err(), "{image}");
    }
}

#[test]
fn faults_of_conditions() {
    check(
        |v| {
            v["scenarios"][0]["conditions"] = serde_json::json!([
                {"dimension": "utm_sorce", "values": ["a"]},
                {"dimension": "channel", "values": ["paid", "organik"]},
                {"dimension": "label", "operator": "regex", "values": ["ok", "(" ]},
                {"dimension": "city", "operator": "like", "values": []},
                {"dimension": "city"},
                {"dimension": "channel", "operator": "wildcard", "values": ["pa*"]},
            ]);
        },
        expect![[r#"
            /scenarios/0/conditions/0/dimension: unknown_value: "utm_sorce" is not known
                here. Did you mean "utm_source"?
            /scenarios/0/conditions/1/values/1: unknown_value: "organik" is not known
                here. Did you mean "organic"?
            /scenarios/0/conditions/2/values/1: bad_pattern: No regular expression: found
                open group without closing ')'. Correct it or use wildcard.
            /scenarios/0/conditions/3/operator: unknown_value: "like" is not known here.
                One of: equals, contains, wildcard, regex.
            /scenarios/0/conditions/3/values: too_few: Fewer than 1. Give at least 1.
            /scenarios/0/conditions/4: missing: "values" is missing. Add "values".
        "#]],
    );
}

#[test]
fn forwarding() {
    let forward = |forward: serde_json::Value, expect: Expect| {
        check(|v| v["scenarios"][0]["forward"] = forward, expect);
    };
    forward(
        serde_json::json!({"phone": "74957654321"}),
        expect!["accepted\n"],
    );
    forward(
        serde_json::json!({"sip": "sips:a@b.example"}),
        expect!["accepted\n"],
    );
    for bad in [
        "a@b.example",
        "sip:a",
        "sip:a@b\r\nX: y",
        "sip:<x>@b",
        "sip:@b",
    ] {
        let faults = parse_edit(|v| v["scenarios"][0]["forward"] = serde_json::json!({"sip": bad}));
        assert_eq!(faults, ["bad_sip"], "{bad}");
    }
    forward(
        serde_json::json!({"extension": "101", "whisper": true}),
        expect!["accepted\n"],
    );
    let odd = |v: &mut serde_json::Value| {
        v["scenarios"][0]["forward"] =
            serde_json::json!({"phone": "74957654321", "extension": "<1>"});
    };
    assert_eq!(parse_edit(odd), ["bad_extension"]);
    forward(
        serde_json::json!({}),
        expect![[r#"
        /scenarios/0/forward: one_of: Exactly one must be given. One of: phone, sip.
    "#]],
    );
}

fn parse_edit(edit: impl FnOnce(&mut serde_json::Value)) -> Vec<&'static str> {
    let mut value: serde_json::Value = serde_json::from_str(SMALL).expect("JSON");
    edit(&mut value);
    let faults = SiteConfig::parse(&value.to_string())
        .err()
        .unwrap_or_default();
    faults.iter().map(|fault| fault.code).collect()
}

/// Each limit of a document, at its edge and one past it.
#[test]
fn limits_at_the_edge_and_one_past_it() {
    use crate::limits;
    use serde_json::{Value, json};
    type Edit = fn(&mut Value, usize);
    let numbers = |count: usize, from: usize| -> Vec<String> {
        (from..from + count)
            .map(|n| format!("7495{n:07}"))
            .collect()
    };
    let cases: [(&str, usize, &str, Edit); 20] = [
        (
            "pool numbers",
            limits::POOL_NUMBERS,
            "too_many",
            |v, count| {
                v["pools"][0]["numbers"] = (0..count)
                    .map(|n| format!("7495{n:07}"))
                    .collect::<Vec<_>>()
                    .into();
            },
        ),
        ("pools", limits::POOLS, "too_many", |v, count| {
            let rest = (1..count).map(|n| json!({"id": format!("p{n}"), "numbers": []}));
            v["pools"].as_array_mut().expect("pools").extend(rest);
        }),
        ("scenarios", limits::SCENARIOS, "too_many", |v, count| {
            let scenario = |n| json!({"id": format!("s{n}"), "kind": "dynamic", "pool": "msk"});
            v["scenarios"] = (0..count).map(scenario).collect::<Vec<_>>().into();
        }),
        ("conditions", limits::CONDITIONS, "too_many", |v, count| {
            let condition = json!({"dimension": "city", "values": ["a"]});
            v["scenarios"][0]["conditions"] = vec![condition; count].into();
        }),
        (
            "values",
            limits::CONDITION_VALUES,
            "too_many",
            |v, count| {
                let values = vec!["a"; count];
                v["scenarios"][0]["conditions"] = json!([{"dimension": "city", "values": values}]);
            },
        ),
        (
            "value",
            limits::CONDITION_VALUE_CHARS,
            "too_long",
            |v, count| {
                let value = "я".repeat(count);
                v["scenarios"][0]["conditions"] = json!([{"dimension": "city", "values": [value]}]);
            },
        ),
        ("targets", limits::TARGETS, "too_many", |v, count| {
            let target = |n| json!({"class": format!("c{n}")});
            v["scenarios"][0]["targets"] = (0..count).map(target).collect::<Vec<_>>().into();
        }),
        (
            "selector",
            limits::SELECTOR_CHARS,
            "too_long",
            |v, count| {
                v["scenarios"][0]["targets"] = json!([{"class": "c".repeat(count)}]);
            },
        ),
        ("origins", limits::ORIGINS, "too_many", |v, count| {
            let origin = |n| format!("https://a{n}.example");
            v["origins"] = (0..count).map(origin).collect::<Vec<_>>().into();
        }),
        ("name", limits::NAME_CHARS, "too_long", |v, count| {
            v["name"] = "n".repeat(count).into()
        }),
        (
            "priority",
            limits::PRIORITY as usize,
            "out_of_range",
            |v, count| {
                v["scenarios"][0]["priority"] = count.into();
            },
        ),
        (
            "hold",
            limits::HOLD_MS as usize,
            "out_of_range",
            |v, count| {
                v["pools"][0]["hold_ms"] = count.into();
            },
        ),
        (
            "bindings",
            limits::STATIC_BINDINGS,
            "too_many",
            |v, count| {
                let binding = |n| json!({"number": format!("7812{n:07}"), "source": "tv"});
                let bindings: Vec<_> = (0..count).map(binding).collect();
                v["scenarios"][0] = json!({"id": "s", "kind": "static", "bindings": bindings});
            },
        ),
        (
            "cooldown",
            limits::COOLDOWN_MS as usize,
            "out_of_range",
            |v, count| {
                v["pools"][0]["cooldown_ms"] = count.into();
            },
        ),
        (
            "shards",
            limits::SHARDS as usize,
            "out_of_range",
            |v, count| {
                v["pools"][0]["shards"] = count.into();
            },
        ),
        (
            "target talk",
            limits::TARGET_TALK_S as usize,
            "out_of_range",
            |v, count| {
                v["scenarios"][0]["target_talk_s"] = count.into();
            },
        ),
        (
            "retention",
            limits::RETENTION_DAYS as usize,
            "out_of_range",
            |v, count| {
                v["retention"] = json!({"visit_days": count});
            },
        ),
        ("secret", limits::SECRET_CHARS, "too_long", |v, count| {
            v["telephony"] = json!({"generic": {"secrets": ["x", "y".repeat(count)]}});
        }),
        ("receivers", limits::RECEIVERS, "too_many", |v, count| {
            let one = |id: usize| {
                json!({"id": id.to_string(), "url": "https://crm.example/",
                       "secrets": ["0123456789abcdef"]})
            };
            v["receivers"] = (0..count).map(one).collect::<Vec<_>>().into();
        }),
        ("params", limits::BINDING_PARAMS, "too_many", |v, count| {
            v["scenarios"][0]["kind"] = "params".into();
            v["scenarios"][0]["params"] = vec!["city"; count].into();
        }),
    ];
    for (name, limit, code, edit) in cases {
        assert_eq!(parse_edit(|v| edit(v, limit)), [] as [&str; 0], "{name}");
        assert_eq!(parse_edit(|v| edit(v, limit + 1)), [code], "{name}");
    }
    let site = |count: usize| {
        parse_edit(|v| {
            v["pools"][0]["numbers"] = numbers(limits::POOL_NUMBERS, 0).into();
            let rest = numbers(count - limits::POOL_NUMBERS, limits::POOL_NUMBERS);
            let pool = json!({"id": "second", "numbers": rest});
            v["pools"].as_array_mut().expect("pools").push(pool);
        })
    };
    assert_eq!(site(limits::SITE_NUMBERS), [] as [&str; 0]);
    assert_eq!(site(limits::SITE_NUMBERS + 1), ["too_many"]);
    let padded = |bytes: usize| {
        let json = format!("{SMALL}{}", " ".repeat(bytes - SMALL.len()));
        SiteConfig::parse(&json).err().map(|faults| faults[0].code)
    };
    assert_eq!(padded(limits::CONFIG_BYTES), None);
    assert_eq!(padded(limits::CONFIG_BYTES + 1), Some("too_large"));
    let faults = parse_edit(|v| {
        v["pools"][0]["numbers"] = vec!["x"; limits::FAULTS + 5].into();
    });
    assert_eq!(
        (faults.len(), faults.last()),
        (limits::FAULTS + 1, Some(&"more_faults"))
    );
}

/// Every fault speaks both languages.
#[test]
fn faults_speak_russian() {
    let faults =
        SiteConfig::parse("{\"v\": 1, \"site\": \"!\", \"origins\": [\"x\"]}").expect_err("faults");
    for fault in faults {
        let cyrillic = |text: &str| text.chars().any(|c| ('а'..='я').contains(&c));
        assert!(
            cyrillic(&fault.message.ru) && cyrillic(&fault.help.ru),
            "{fault:?}"
        );
        assert!(!cyrillic(&fault.message.en), "{fault:?}");
    }
}

#[test]
fn uses_of_numbers() {
    let config = parse(FULL);
    let of = |digits: &str| config.use_of(E164::parse(digits).expect("digits"));
    assert!(matches!(of("74950000001"), Some(NumberUse::Pool(pool)) if pool.id.as_str() == "msk"));
    assert!(matches!(
        of("74950000201"),
        Some(NumberUse::Static {
            source: "billboard",
            ..
        })
    ));
    assert!(matches!(of("74950000100"), Some(NumberUse::Reserve(by)) if by.len() == 1));
    assert_eq!(of("74950000009"), None);
    let pool = config.pool_config(&config.pools[0]);
    let roles: Vec<_> = pool
        .numbers
        .iter()
        .map(|n| (n.number.to_string(), n.role))
        .collect();
    use crate::pool::Role::{Disabled, Dynamic};
    assert_eq!(
        roles,
        [
            ("74950000001".to_owned(), Dynamic),
            ("74950000002".to_owned(), Disabled),
            ("74950000003".to_owned(), Dynamic),
        ]
    );
    assert_eq!(pool.numbers[0].source, crate::pool::Source::of("Yandex"));
    // A withdrawn number is shown nowhere, as a reserve neither.
    let reserve = |status: &str, overflow: &str| {
        let mut value: serde_json::Value = serde_json::from_str(SMALL).expect("JSON");
        value["scenarios"][0]["reserve_number"] = "74950000100".into();
        value["scenarios"][0]["overflow"] = overflow.into();
        value["numbers"] = serde_json::json!([{"number": "74950000100", "status": status}]);
        let config = parse(&value.to_string());
        config.reserve_of(&config.scenarios[0]).is_some()
    };
    assert!(reserve("active", "reserve"));
    assert!(!reserve("active", "page"));
    assert!(!reserve("quarantined", "reserve"));
    // `overflow` is `page`: the reserve number is not shown, though calls to it are known.
    assert_eq!(config.reserve_of(&config.scenarios[0]), None);
    let params = config.pool_config(&config.pools[1]);
    assert_eq!(params.policy, crate::pool::Policy::fixed(COMBINATION_HOLD));
}

#[test]
fn those_who_only_read_see_no_secret() {
    let shown = parse(FULL).without_secrets().to_json();
    for secret in [
        "secret in force",
        "before it",
        "a salt",
        "api key",
        "0123456789abcdefgh",
    ] {
        assert!(!shown.contains(secret), "{secret}");
    }
    assert!(shown.contains("81.88.80.0/20"));
}

#[test]
fn differences() {
    let before = parse(SMALL);
    let after = parse(
        &SMALL
            .replace(
                "\"74950000001\", \"74950000002\"",
                "\"74950000002\", \"74950000004\"",
            )
            .replace("\"Europe/Moscow\"", "\"Asia/Omsk\"")
            .replace("\"id\": \"header\"", "\"id\": \"footer\"")
            .replace("a secret of the demonstration", "another secret"),
    );
    let shown: Vec<String> = diff(&before, &after)
        .iter()
        .map(|change| {
            let side = |side: &Option<serde_json::Value>| {
                side.as_ref()
                    .map_or("nothing".to_owned(), |value| match value {
                        serde_json::Value::Object(_) => "{…}".to_owned(),
                        other => other.to_string(),
                    })
            };
            format!(
                "{}: {} -> {}\n",
                change.path,
                side(&change.before),
                side(&change.after)
            )
        })
        .collect();
    expect![[r#"
        /pools/msk/numbers/74950000001: "74950000001" -> nothing
        /pools/msk/numbers/74950000004: nothing -> "74950000004"
        /scenarios/header: {…} -> nothing
        /scenarios/footer: nothing -> {…}
        /telephony/generic/secrets: "…" -> "…"
        /time_zone: "Europe/Moscow" -> "Asia/Omsk"
    "#]]
    .assert_eq(&shown.concat());
    assert!(
        !shown.concat().contains("secret of"),
        "a secret is never told"
    );
    assert_eq!(diff(&before, &before), []);
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
