//! One self-contained HTML file: tables and charts, no script, nothing from the network.

use core::fmt::Write as _;

use super::text::{brier, numbers, reliable};
use super::{REFERENCE_SIZE, Row, Section};
use crate::search::TARGETS;
use crate::tally::Tally;

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;\
padding:0 1rem;color:#1d2733;background:#fff}h1,h2,h3{line-height:1.2}table{border-collapse:collapse;\
margin:1rem 0;font-variant-numeric:tabular-nums}th,td{padding:.25rem .6rem;text-align:right;\
border-bottom:1px solid #d8dee6}th:first-child,td:first-child{text-align:left}\
tr.ours{font-weight:600;background:#eef6f1}tr.bound{color:#5b6775;font-style:italic}\
svg{max-width:100%;height:auto;font:12px system-ui,sans-serif}.key{display:inline-block;\
width:1.6em;height:.25em;margin:0 .4em .2em 1em}figure{margin:1rem 0}figcaption{color:#5b6775}\
@media(prefers-color-scheme:dark){body{color:#e3e8ee;background:#12171d}th,td{border-color:#2c3641}\
tr.ours{background:#173025}tr.bound,figcaption{color:#93a1b0}svg text{fill:#e3e8ee}}";

const COLOURS: [&str; 12] = [
    "#1b7f4b", "#39b27a", "#8a94a0", "#b9c1ca", "#c0392b", "#d68910", "#7d3c98", "#2e86c1",
    "#a04000", "#117a65", "#5d6d7e", "#cb4335",
];

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 50.0;
const BOTTOM: f64 = 40.0;

/// The file's text.
pub fn page(sections: &[Section], made_by: &str) -> String {
    let mut out = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <title>How many numbers for how much right attribution</title><style>{STYLE}</style>\
         <h1>How many numbers for how much right attribution</h1>\
         <p>R is the share of first calls, made within a day of the last look, that were credited \
         to the right visit. Everything here stands on an assumed law of call delays: see the \
         case of slow callers beside the base, and <code>docs/concepts/pools.md</code>. \
         Made by <code>{}</code>.</p>",
        escape(made_by)
    );
    for section in sections {
        let _ = write!(
            out,
            "<h2 id=\"{0}\">{0}: {1}</h2>{2}{3}{4}",
            escape(&section.id),
            escape(&section.title),
            curves(section),
            table_of_right(section),
            table_of_shares(section)
        );
        if let Some(tally) = reliable(section) {
            out.push_str(&reliability(tally));
        }
    }
    out.push_str("</html>\n");
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

fn class(row: &Row) -> &'static str {
    match row.name.policy.as_str() {
        "ringlet" => "ours",
        "bound" => "bound",
        _ => "field",
    }
}

fn table_of_right(section: &Section) -> String {
    let mut out = String::from("<table><tr><th>policy / attribution");
    for size in &section.sizes {
        let _ = write!(out, "<th>R({size}), %");
    }
    for target in TARGETS {
        let _ = write!(out, "<th>N{target}");
    }
    for row in &section.rows {
        let _ = write!(
            out,
            "<tr class={}><td>{}",
            class(row),
            escape(&row.name.title)
        );
        for size in &section.sizes {
            match row.right(*size) {
                Some(share) => {
                    let _ = write!(out, "<td>{:.1}", share * 100.0);
                }
                None => out.push_str("<td>–"),
            }
        }
        for found in row.n {
            let _ = write!(out, "<td>{}", escape(&numbers(found, row.most)));
        }
    }
    out + "</table>"
}

fn table_of_shares(section: &Section) -> String {
    let mut out = format!(
        "<h3>At {REFERENCE_SIZE} numbers, %</h3><table><tr><th>policy / attribution\
         <th>default shown<th>right<th>wrong<th>nobody<th>Brier"
    );
    for row in &section.rows {
        let Some(tally) = &row.at_reference else {
            continue;
        };
        let _ = write!(
            out,
            "<tr class={}><td>{}<td>{:.1}<td>{:.1}<td>{:.1}<td>{:.1}<td>{}",
            class(row),
            escape(&row.name.title),
            row.default_share.unwrap_or_default() * 100.0,
            tally.right_share() * 100.0,
            tally.wrong_share() * 100.0,
            tally.nobody_share() * 100.0,
            brier(row).map_or("–".to_owned(), |score| format!("{score:.4}"))
        );
    }
    out + "</table>"
}

/// R against the number of numbers on a logarithmic axis, one line a rule.
fn curves(section: &Section) -> String {
    let sizes = || {
        section
            .rows
            .iter()
            .flat_map(|row| row.r.iter().map(|point| point.0))
    };
    let (Some(least), Some(most)) = (sizes().min(), sizes().max()) else {
        return String::new();
    };
    let (least, most) = ((least.max(1) as f64).ln(), (most.max(2) as f64).ln());
    let x = |size: usize| {
        let part = ((size.max(1) as f64).ln() - least) / (most - least).max(1e-9);
        LEFT + part * (WIDTH - LEFT - 10.0)
    };
    let y = |share: f64| (1.0 - share) * (HEIGHT - BOTTOM - 10.0) + 10.0;
    let mut out = format!("<figure><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">");
    grid(&mut out, section, &x, &y);
    let mut keys = String::new();
    for (place, row) in section.rows.iter().enumerate() {
        let colour = COLOURS[place % COLOURS.len()];
        let dash = if class(row) == "bound" {
            " stroke-dasharray=\"5 4\""
        } else {
            ""
        };
        let width = if class(row) == "ours" { 3.0 } else { 1.5 };
        let points: Vec<String> = row
            .r
            .iter()
            .map(|(size, share)| format!("{:.1},{:.1}", x(*size), y(*share)))
            .collect();
        let _ = write!(
            out,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"{dash} \
             points=\"{}\"><title>{}</title></polyline>",
            points.join(" "),
            escape(&row.name.title)
        );
        let _ = write!(
            keys,
            "<span class=key style=\"background:{colour}\"></span>{}",
            escape(&row.name.title)
        );
    }
    let _ = write!(
        out,
        "</svg><figcaption>R by numbers.{keys}</figcaption></figure>"
    );
    out
}

fn grid(out: &mut String, section: &Section, x: &dyn Fn(usize) -> f64, y: &dyn Fn(f64) -> f64) {
    for step in 0..=10 {
        let (share, line) = (f64::from(step) / 10.0, y(f64::from(step) / 10.0));
        let _ = write!(
            out,
            "<line x1=\"{LEFT}\" x2=\"{WIDTH}\" y1=\"{line:.1}\" y2=\"{line:.1}\" \
             stroke=\"#8884\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{:.0} %</text>",
            LEFT - 6.0,
            line + 4.0,
            share * 100.0
        );
    }
    for size in &section.sizes {
        let _ = write!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{size}</text>",
            x(*size),
            HEIGHT - BOTTOM + 16.0
        );
    }
}

/// Said probability against what came true.
fn reliability(tally: &Tally) -> String {
    let side = 300.0;
    let place = |share: f64| share * (side - 20.0) + 10.0;
    let mut out = format!(
        "<figure><svg viewBox=\"0 0 {side} {side}\" width=\"{side}\" role=\"img\">\
         <line x1=\"10\" y1=\"{0}\" x2=\"{0}\" y2=\"10\" stroke=\"#888\" \
         stroke-dasharray=\"4 4\"/>",
        side - 10.0
    );
    for row in tally.reliability.iter().filter(|row| row.answers > 0) {
        let answers = row.answers as f64;
        let (said, right) = (row.said / answers, row.right as f64 / answers);
        let _ = write!(
            out,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{:.1}\" fill=\"#1b7f4b99\"><title>said {:.0} %, \
             right {:.0} %, {} answers</title></circle>",
            place(said),
            side - place(right),
            (answers / tally.calls.max(1) as f64).sqrt() * 16.0 + 2.0,
            said * 100.0,
            right * 100.0,
            row.answers
        );
    }
    out + "</svg><figcaption>Said probability (across) against share right (up), ringlet without \
           region evidence; the larger the circle, the more answers.</figcaption></figure>"
}
