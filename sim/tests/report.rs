//! What a run tells: every rule and bound in the form that is promised, and one file that needs
//! nothing else.

use std::sync::Mutex;

use ringlet_sim::law::Law;
use ringlet_sim::report::{Section, html, json, text};
use ringlet_sim::rules::Rule;
use ringlet_sim::run::{Plan, run};
use ringlet_sim::scenario::Scenario;
use serde_json::Value;

/// Three days of a small site, by one documented rule and by ours.
fn sections(told: &Mutex<Vec<(usize, usize)>>) -> Vec<Section> {
    let mut scenario = Scenario::all().swap_remove(1);
    assert_eq!(scenario.id, "S2");
    scenario.law = Law::base(800.0);
    scenario.days = 3;
    scenario.sizes = [2, 4, 8, 16, 32, 64];
    scenario.most = 128;
    let mut rules = Rule::quick();
    rules.retain(|rule| ["roistat", "ringlet"].contains(&rule.id));
    let plan = Plan {
        scenarios: vec![scenario],
        seeds: vec![31, 32],
        rules,
        sizes: Vec::new(),
        taught_visits: 20_000,
        threads: 2,
    };
    run(&plan, &|workload, done, of, _| {
        assert_eq!(workload, "S2");
        told.lock().expect("no lane panics").push((done, of));
    })
}

/// The row of a policy and an attribution.
fn row<'r>(rows: &'r [Value], policy: &str, attribution: &str) -> &'r Value {
    let mut of = rows
        .iter()
        .filter(|row| row["policy"] == policy && row["attribution"] == attribution);
    let found = of.next();
    assert!(of.next().is_none(), "{policy}, {attribution}: two rows");
    found.unwrap_or_else(|| panic!("no row {policy}, {attribution}"))
}

#[test]
fn a_run_is_told_as_promised() {
    let told = Mutex::new(Vec::new());
    let sections = sections(&told);

    // Progress: teaching, then every part of so many.
    let mut told = told.into_inner().expect("no lane panicked");
    told.retain(|(done, _)| *done > 0);
    told.sort_unstable();
    assert_eq!(told, (1..=6).map(|done| (done, 6)).collect::<Vec<_>>());

    let lines = json::lines(&sections);
    let rows: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .collect();
    let ours = [("ringlet", "map+tap"), ("ringlet", "map+tap+region")];
    let field = [("roistat", "last_holder")];
    let bounds = ["map", "map+tap", "map+tap+region", "clairvoyant"].map(|way| ("bound", way));
    let all = ours.iter().chain(&field).chain(&bounds);
    assert_eq!(rows.len(), all.clone().count());
    for (policy, attribution) in all {
        let row = row(&rows, policy, attribution);
        assert_eq!(row["workload"], "S2");
        let n = row["n"].as_object().expect("numbers by per cent");
        assert_eq!(n.keys().collect::<Vec<_>>(), ["80", "85", "90", "95"]);
        for (percent, numbers) in n {
            assert!(numbers.is_u64() || numbers.is_null(), "{percent}: {row}");
        }
        assert!(n["80"].is_u64(), "{row}");
        let right = row["r"]["100"].as_f64().expect("R at 100 numbers");
        assert!((70.0..=100.0).contains(&right), "{row}");
        let counted = *policy != "bound";
        assert_eq!(row["wrong"].is_f64(), counted, "{row}");
        assert_eq!(row["brier"].is_f64(), *policy == "ringlet", "{row}");
        assert_eq!(row["reliability"].is_array(), *policy == "ringlet", "{row}");
    }
    // With a hundred numbers for eight hundred visits a day the order is beyond doubt.
    let right = |of: (&str, &str)| row(&rows, of.0, of.1)["r"]["8"].as_f64().expect("R at 8");
    assert!(right(field[0]) < right(ours[0]) && right(ours[0]) < right(bounds[3]));

    let table = text::tables(&sections);
    for section in &sections {
        for row in &section.rows {
            assert!(table.contains(&row.name.title), "{}", row.name.title);
        }
    }
}

#[test]
fn the_html_report_needs_nothing_else() {
    let sections = sections(&Mutex::default());
    let page = html::page(&sections, "cargo xtask sim accuracy <\"&>");
    for from_elsewhere in [
        "http", "src=", "href=", "<script", "<link", "@import", "url(",
    ] {
        assert!(!page.contains(from_elsewhere), "{from_elsewhere}");
    }
    assert!(
        page.contains("sim accuracy &lt;"),
        "what is told is no markup"
    );
    // R over N and, of ours, said against true.
    assert_eq!(page.matches("<svg").count(), 2 * sections.len());
    assert_eq!(page.matches("<svg").count(), page.matches("</svg>").count());
    for row in &sections[0].rows {
        let told = row.name.title.replace('&', "&amp;");
        assert!(page.contains(&told), "{told}");
    }
}
