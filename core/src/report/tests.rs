//! Reports whose totals are sums, and files that are read back.

use super::rows::{CALL_COLUMNS, calls_csv, calls_json_lines, safe_cell};
use super::*;
use crate::call::StoredCaller;
use crate::id::VisitorId;
use crate::phone::E164;
use expect_test::expect;
use proptest::prelude::*;

const DAY: u64 = 86_400_000;

fn period() -> Period {
    Period::parse("2026-01-15", "2026-01-16", "Europe/Moscow").expect("a period")
}

fn touch(source: &str, day: u64, is_direct: bool) -> TouchRow {
    TouchRow {
        at: UnixMillis(period().start().0 - 10 * DAY + day * DAY),
        source: source.to_owned(),
        campaign: format!("{source} campaign"),
        landing: "/".to_owned(),
        is_direct,
        ..TouchRow::default()
    }
}

fn call(number: u64, hours: u64, caller: Option<u64>) -> CallRow {
    let e164 = |n: u64| E164::parse(&n.to_string()).expect("a number");
    CallRow {
        id: CallId(u128::from(number)),
        started_at: UnixMillis(period().start().0 + hours * 3_600_000),
        status: CallStatus::Answered,
        caller: caller.map(|n| StoredCaller::Plain {
            number: e164(79_001_110_000 + n),
        }),
        dialed: Some(e164(74_951_234_567)),
        duration_s: Some(72),
        talk_s: Some(60),
        is_target: true,
        is_first_call: true,
        credited: Credited::Visit {
            probability_parts: 900_000,
            reason: "held the number".to_owned(),
        },
        region: Some("Moscow".to_owned()),
        touches: vec![
            touch("yandex", 0, false),
            touch("google", 5, false),
            touch("direct", 9, true),
        ],
        touches_left_out: 4,
        visits: Some(3),
        pages: Some(7),
        visit_to_call_s: Some(40),
    }
}

fn visit(visit: u128, visitor: u128, source: &str, hours: u64, shown: bool) -> VisitRow {
    VisitRow {
        visit: VisitId(visit),
        at: UnixMillis(period().start().0 + hours * 3_600_000),
        visitor: VisitorId(visitor),
        touch: touch(source, 9, false),
        region: None,
        number: shown.then(|| number(74_951_234_500 + visitor as u64)),
    }
}

fn number(digits: u64) -> E164 {
    E164::parse(&digits.to_string()).expect("a number")
}

fn report(
    dimension: Dimension,
    model: CreditModel,
    calls: &[CallRow],
    visits: &[VisitRow],
) -> Report {
    let mut builder = ReportBuilder::new(dimension, model, period());
    for call in calls {
        builder.add_call(call).expect("room");
    }
    for visit in visits {
        builder.add_visit(visit).expect("room");
    }
    builder.finish()
}

fn sample() -> (Vec<CallRow>, Vec<VisitRow>) {
    let mut lost = call(3, 30, None);
    lost.credited = Credited::Nobody {
        reason: "the number was never lent".to_owned(),
    };
    lost.status = CallStatus::Missed;
    (lost.is_target, lost.is_first_call) = (false, false);
    let mut again = call(2, 20, Some(1));
    again.is_first_call = false;
    let mut earlier = call(4, 1, Some(9));
    earlier.started_at = UnixMillis(period().start().0 - 3_600_000);
    let mut ancient = call(5, 1, Some(9));
    ancient.started_at = UnixMillis(0);
    let calls = vec![call(1, 10, Some(1)), again, lost, earlier, ancient];
    let visits = vec![
        visit(1, 1, "yandex", 3, true),
        visit(2, 1, "google", 5, true),
        visit(3, 2, "google", 6, false),
    ];
    (calls, visits)
}

#[test]
fn a_report_by_source() {
    let (calls, visits) = sample();
    let csv = report(
        Dimension::Source,
        CreditModel::LastNonDirect,
        &calls,
        &visits,
    )
    .to_csv();
    expect![[r#"
        source,visits,visitors,visitors_shown,shown,coverage,calls,unique_callers,first_time,repeat,missed,target,attributed,expected_right,conversion,accuracy,visits_before,visitors_before,visitors_shown_before,shown_before,coverage_before,calls_before,unique_callers_before,first_time_before,repeat_before,missed_before,target_before,attributed_before,expected_right_before,conversion_before,accuracy_before
        google,2,1,0,1,0.5000,2,1,1,1,0,2,2,1.8,1.0000,0.9000,0,0,0,0,,1,1,1,0,0,1,1,0.9,,0.9000
        (no visit: the number was never lent),0,0,0,0,,1,1,0,0,1,0,0,0,,,0,0,0,0,,0,0,0,0,0,0,0,0,,
        yandex,1,1,1,1,1.0000,0,0,0,0,0,0,0,0,0.0000,,0,0,0,0,,0,0,0,0,0,0,0,0,,
        (total),3,2,1,2,0.6667,3,2,1,1,1,2,2,1.8,1.0000,0.9000,0,0,0,0,,1,1,1,0,0,1,1,0.9,,0.9000
    "#]]
    .assert_eq(&String::from_utf8(csv).expect("text").replace("\r\n", "\n"));
}

#[test]
fn without_visits_nothing_is_said_of_them() {
    let (calls, _) = sample();
    let report = report(Dimension::Number, CreditModel::default(), &calls, &[]);
    let csv = String::from_utf8(report.to_csv()).expect("text");
    expect![[r#"
        number,calls,unique_callers,first_time,repeat,missed,target,attributed,expected_right,accuracy,calls_before,unique_callers_before,first_time_before,repeat_before,missed_before,target_before,attributed_before,expected_right_before,accuracy_before
        74951234567,3,2,1,1,1,2,2,1.8,0.9000,1,1,1,0,0,1,1,0.9,0.9000
        (total),3,2,1,1,1,2,2,1.8,0.9000,1,1,1,0,0,1,1,0.9,0.9000
    "#]]
    .assert_eq(&csv.replace("\r\n", "\n"));
    let json = serde_json::to_string(&report.rows[0].now).expect("JSON");
    let expected = r#"{"calls":3,"unique_callers":2,"first_time":1,"repeat":1,"missed":1,"target":2,"attributed":2,"expected_right":1.8,"accuracy":0.9}"#;
    assert_eq!(json, expected);
}

#[test]
fn models_share_calls_and_keep_the_total() {
    let (calls, visits) = sample();
    let totals: Vec<Figures> = CreditModel::ALL
        .into_iter()
        .map(|model| report(Dimension::Source, model, &calls, &visits).total.now)
        .collect();
    for total in &totals {
        assert_eq!(total.calls, totals[0].calls);
        assert_eq!(total.target, totals[0].target);
    }
    let linear = report(Dimension::Source, CreditModel::Linear, &calls, &visits);
    let google = linear
        .rows
        .iter()
        .find(|row| row.key == "google")
        .expect("a row");
    assert_eq!(google.now.calls, Parts(2 * 333_333));
    let first = report(Dimension::Campaign, CreditModel::First, &calls, &visits);
    assert_eq!(first.rows[0].key, "yandex campaign");
}

#[test]
fn a_landing_page_is_one_whatever_its_labels() {
    let landed = |number: u64, landing: &str| {
        let mut call = call(number, 3, Some(number));
        for touch in &mut call.touches {
            touch.landing = landing.to_owned();
        }
        call
    };
    let page = "https://shop.example/wheels";
    let calls = ["", "?yclid=1", "?utm_source=a&yclid=2", "#roistat=x"];
    let calls: Vec<CallRow> = (1..)
        .zip(calls)
        .map(|(n, tail)| landed(n, &format!("{page}{tail}")))
        .collect();
    let report = report(Dimension::Landing, CreditModel::default(), &calls, &[]);
    let keys: Vec<&str> = report.rows.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(keys, [page]);
}

#[test]
fn other_dimensions() {
    let (calls, visits) = sample();
    let keys = |dimension| -> Vec<String> {
        let report = report(dimension, CreditModel::default(), &calls, &visits);
        report.rows.into_iter().map(|row| row.key).collect()
    };
    assert_eq!(keys(Dimension::Hour), ["03", "05", "06", "10", "20", "23"]);
    assert_eq!(
        keys(Dimension::Number),
        ["74951234567", "74951234501", "(none)"]
    );
    assert_eq!(keys(Dimension::Region), ["Moscow", "(unknown)"]);
    assert_eq!(
        keys(Dimension::Keyword),
        ["(not set)", "(no visit: the number was never lent)"]
    );
    for dimension in Dimension::ALL {
        assert_eq!(Dimension::parse(dimension.as_str()), Some(dimension));
    }
}

#[test]
fn a_long_tail_is_one_row() {
    let visits: Vec<VisitRow> = (0..1_500)
        .map(|n| visit(n, n, &format!("source {n}"), 1, true))
        .collect();
    let report = report(Dimension::Source, CreditModel::default(), &[], &visits);
    assert_eq!(report.rows.len(), GROUPS_MAX);
    assert_eq!(
        report
            .rows
            .last()
            .map(|row| (row.key.as_str(), row.now.visits)),
        Some(("(other)", 501))
    );
    assert_eq!(report.total.now.visits, 1_500);
}

#[test]
fn a_visit_is_one_whoever_tells_of_it() {
    // Begun without a number, shown one on its second page; another is told of after it was shown.
    let (late, early) = (
        visit(1, 1, "yandex", 3, false),
        visit(2, 2, "google", 4, false),
    );
    let shown = number(74_951_234_599);
    for dimension in Dimension::ALL {
        let mut builder = ReportBuilder::new(dimension, CreditModel::default(), period());
        builder.add_visit(&late).expect("room");
        builder.add_shown(VisitId(1), shown).expect("room");
        builder.add_shown(VisitId(2), shown).expect("room");
        builder.add_visit(&early).expect("room");
        builder.add_visit(&early).expect("room");
        // Of a visit that began in neither period nothing is counted.
        builder.add_shown(VisitId(3), shown).expect("room");
        let report = builder.finish();
        let total = report.total.now;
        assert_eq!((total.visits, total.shown), (2, 2), "{dimension:?}");
        assert_eq!((total.visitors, total.visitors_shown), (2, 2));
        assert_eq!(total.coverage(), Some(1.0));
        if dimension == Dimension::Number {
            assert_eq!(report.rows.len(), 1);
            assert_eq!(report.rows[0].key, "74951234599");
        }
    }
}

#[test]
fn at_the_bounds_nothing_is_cut_and_beyond_them_nothing_is_told() {
    let mut builder = ReportBuilder::new(Dimension::Source, CreditModel::default(), period());
    let mut one = visit(0, 0, "source", 1, true);
    let shown = one.number;
    for n in 0..VISITS_MAX {
        (one.visit, one.visitor) = (VisitId(n as u128), VisitorId(n as u128 / 2));
        one.number = shown.filter(|_| n % 3 > 0);
        one.touch.source.replace_range(.., ["a", "b", "c"][n % 3]);
        builder.add_visit(&one).expect("room");
    }
    let one_more = visit(VISITS_MAX as u128, 0, "s", 1, true);
    assert_eq!(builder.add_visit(&one_more), Err(TooMany::Visits));
    let unknown = VisitId(VISITS_MAX as u128);
    let shown = number(74_951_234_599);
    assert_eq!(builder.add_shown(unknown, shown), Err(TooMany::Visits));
    builder
        .add_shown(VisitId(0), shown)
        .expect("a visit that is there");
    let mut one = call(0, 1, None);
    for n in 0..CALLS_MAX {
        one.id = CallId(n as u128);
        builder.add_call(&one).expect("room");
    }
    assert_eq!(
        builder.add_call(&call(CALLS_MAX as u64, 1, None)),
        Err(TooMany::Calls)
    );
    let report = builder.finish();
    let total = report.total.now;
    assert_eq!(total.visits, VISITS_MAX as u64);
    assert_eq!(total.visitors, VISITS_MAX as u64 / 2);
    assert_eq!(total.shown, VISITS_MAX as u64 * 2 / 3 + 1);
    assert_eq!(total.calls, Parts(CALLS_MAX as u64 * u64::from(WHOLE)));
    assert_eq!(sum("(total)", &report.rows), report.total);
}

#[test]
fn calls_are_written_and_read_back() {
    let mut odd = call(1, 10, Some(1));
    odd.touches[1].source = "=HYPERLINK(\"http://x\",\"y\")".to_owned();
    odd.touches[1].campaign = "a,b\r\n\"c\"".to_owned();
    odd.region = Some("+7".to_owned());
    let csv = calls_csv(&period(), [&odd].into_iter());
    let mut reader = simd_csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(&csv[..]);
    let records: Vec<Vec<String>> = reader
        .byte_records()
        .map(|record| {
            let record = record.expect("a record");
            record
                .iter()
                .map(|cell| String::from_utf8_lossy(cell).into_owned())
                .collect()
        })
        .collect();
    assert_eq!(records.len(), 2);
    assert_eq!(records[0], CALL_COLUMNS);
    let cell = |name: &str| {
        let place = CALL_COLUMNS
            .iter()
            .position(|column| *column == name)
            .expect("a column");
        records[1][place].as_str()
    };
    assert_eq!(cell("source"), "'=HYPERLINK(\"http://x\",\"y\")");
    assert_eq!(cell("campaign"), "a,b\r\n\"c\"");
    assert_eq!(cell("region"), "'+7");
    assert_eq!(cell("caller"), "79001110001");
    assert_eq!(cell("started_at"), "2026-01-15T10:00:00+03:00");
    assert_eq!((cell("probability"), cell("touches_between")), ("0.9", "5"));
    assert_eq!((cell("visits"), cell("pages")), ("3", "7"));
    let lines = calls_json_lines([&odd, &odd].into_iter());
    let back: Vec<CallRow> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("a row"))
        .collect();
    assert_eq!(back, [odd.clone(), odd]);
}

#[test]
fn a_touch_is_named_by_what_it_knows() {
    use crate::channel::{Channel, Origin};
    use crate::label::Utm;
    let mut touch = crate::touch::Touch {
        at: UnixMillis(5),
        landing_page: "https://shop.example/".to_owned(),
        origin: Origin {
            channel: Channel::Paid,
            source: "yandex".to_owned(),
            search_phrase: Some("windows".to_owned()),
            ..Origin::default()
        },
        ..crate::touch::Touch::default()
    };
    touch.labels.marker = Some("direct4_search_17".to_owned());
    let row = TouchRow::from(&touch);
    let named = |row: &TouchRow| format!("{} | {} | {}", row.source, row.campaign, row.keyword);
    assert_eq!(named(&row), "paid: yandex | direct4_search_17 | windows");
    assert_eq!(
        (row.landing.as_str(), row.is_direct),
        ("https://shop.example/", false)
    );
    touch.labels.utm.insert(Utm::Campaign, "spring".to_owned());
    touch.labels.utm.insert(Utm::Term, "glass".to_owned());
    assert_eq!(
        named(&TouchRow::from(&touch)),
        "paid: yandex | spring | glass"
    );
    touch = crate::touch::Touch::default();
    touch.origin.channel = Channel::Direct;
    assert_eq!(named(&TouchRow::from(&touch)), "direct |  | ");
}

fn any_call() -> impl Strategy<Value = CallRow> {
    let facts = (
        0u64..1_000,
        0u64..100,
        proptest::option::of(0u64..5),
        0u32..=WHOLE,
        0u8..8,
    );
    let touches = proptest::collection::vec(("[abc]?", 0u64..10, any::<bool>()), 0..5);
    (facts, touches).prop_map(|((id, hours, caller, probability, bits), touches)| {
        let mut row = call(id, hours, caller);
        row.started_at = UnixMillis(period().before().start().0 + hours * 3_600_000);
        row.is_target = bits & 1 > 0;
        row.is_first_call = bits & 2 > 0;
        row.credited = match bits & 4 {
            0 => Credited::Visit {
                probability_parts: probability,
                reason: "r".into(),
            },
            _ => Credited::Nobody {
                reason: "never lent".into(),
            },
        };
        row.touches = touches
            .into_iter()
            .map(|(s, day, direct)| touch(&s, day, direct))
            .collect();
        row
    })
}

fn any_visit() -> impl Strategy<Value = VisitRow> {
    let ids = (0u128..1 << 100, 1u128..3);
    (ids, "[xyz]?", 0u64..100, any::<bool>()).prop_map(|((id, visitor), source, hours, shown)| {
        let mut row = visit(id, visitor, &source, hours, shown);
        row.at = UnixMillis(period().before().start().0 + hours * 3_600_000);
        row
    })
}

proptest! {
    #[test]
    fn totals_are_sums_and_order_is_without_effect(
        calls in proptest::collection::vec(any_call(), 0..30),
        visits in proptest::collection::vec(any_visit(), 0..30),
        dimension in prop::sample::select(Dimension::ALL.to_vec()),
        model in prop::sample::select(CreditModel::ALL.to_vec()),
    ) {
        let mut calls = calls;
        calls.sort_by_key(|call| call.id);
        calls.dedup_by_key(|call| call.id);
        let forward = report(dimension, model, &calls, &visits);
        prop_assert_eq!(&sum("(total)", &forward.rows), &forward.total);
        let now = |call: &&CallRow| period().contains(call.started_at);
        let counted = calls.iter().filter(now).count() as u64;
        prop_assert_eq!(forward.total.now.calls, Parts(counted * u64::from(WHOLE)));
        let target = calls.iter().filter(now).filter(|call| call.is_target).count() as u64;
        prop_assert_eq!(forward.total.now.target, Parts(target * u64::from(WHOLE)));
        let visited = visits.iter().filter(|visit| period().contains(visit.at));
        prop_assert_eq!(forward.total.now.visits, visited.clone().count() as u64);
        let of = |visits: &mut dyn Iterator<Item = &VisitRow>| {
            let visitors: std::collections::BTreeSet<_> = visits.map(|one| one.visitor).collect();
            visitors.len() as u64
        };
        prop_assert_eq!(forward.total.now.visitors, of(&mut visited.clone()));
        let shown = visited.clone().filter(|visit| visit.number.is_some());
        prop_assert_eq!(forward.total.now.shown, shown.clone().count() as u64);
        prop_assert_eq!(forward.total.now.visitors_shown, of(&mut shown.clone()));
        if visited.clone().next().is_some() {
            let coverage = shown.count() as f64 / visited.count() as f64;
            prop_assert_eq!(forward.total.now.coverage(), Some(coverage));
        }
        calls.reverse();
        let backward: Vec<VisitRow> = visits.iter().rev().cloned().collect();
        prop_assert_eq!(report(dimension, model, &calls, &backward), forward);
    }

    #[test]
    fn no_cell_is_a_formula(text in "[ =+@\t\r\n\u{0}a-]{0,6}|\\PC{0,12}") {
        let safe = safe_cell(&text);
        let first = safe.trim_start_matches(' ').chars().next();
        let is_formula = matches!(first, Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\0'));
        prop_assert!(!is_formula, "{:?}", safe);
        prop_assert!(safe.ends_with(text.as_str()));
    }
}
