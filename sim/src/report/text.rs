//! Tables for a terminal.

use core::fmt::Write as _;

use super::{REFERENCE_SIZE, Row, Section};
use crate::search::TARGETS;
use crate::tally::Tally;

/// All tables of `sections`.
pub fn tables(sections: &[Section]) -> String {
    let mut out = String::new();
    for section in sections {
        let _ = writeln!(out, "{}: {}", section.id, section.title);
        let _ = writeln!(
            out,
            "R, share of first calls credited to the right visit, %, by numbers;"
        );
        let _ = writeln!(out, "N, numbers needed for a share.\n");
        out.push_str(&of_right(section));
        out.push('\n');
        out.push_str(&of_shares(section));
        out.push('\n');
    }
    if let Some(tally) = sections.iter().find_map(reliable) {
        out.push_str(&reliability(tally));
    }
    out
}

/// The tally whose said probabilities are shown: this project's rule without region evidence.
pub fn reliable(section: &Section) -> Option<&Tally> {
    section
        .rows
        .iter()
        .find(|row| row.name.policy == "ringlet" && row.name.attribution == "map+tap")
        .and_then(|row| row.at_reference.as_ref())
}

fn of_right(section: &Section) -> String {
    let mut head = vec!["policy / attribution".to_owned()];
    head.extend(section.sizes.iter().map(usize::to_string));
    head.extend(TARGETS.iter().map(|target| format!("N{target}")));
    let mut lines = vec![head];
    for row in &section.rows {
        let mut line = vec![row.name.title.clone()];
        let share = |size: &usize| {
            row.right(*size)
                .map_or("-".to_owned(), |share| format!("{:.1}", share * 100.0))
        };
        line.extend(section.sizes.iter().map(share));
        line.extend(row.n.iter().map(|found| numbers(*found, row.most)));
        lines.push(line);
    }
    aligned(&lines)
}

fn of_shares(section: &Section) -> String {
    let head = [
        "at 100 numbers, %",
        "default shown",
        "right",
        "wrong",
        "nobody",
        "Brier",
    ];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    for row in &section.rows {
        let Some(tally) = &row.at_reference else {
            continue;
        };
        let percent = |share: f64| format!("{:.1}", share * 100.0);
        lines.push(vec![
            row.name.title.clone(),
            row.default_share.map_or("-".to_owned(), percent),
            percent(tally.right_share()),
            percent(tally.wrong_share()),
            percent(tally.nobody_share()),
            brier(row).map_or("-".to_owned(), |score| format!("{score:.4}")),
        ]);
    }
    if lines.len() == 1 {
        return String::new();
    }
    aligned(&lines)
}

/// The Brier score of a rule that says probabilities; last-holder attribution says none.
pub fn brier(row: &Row) -> Option<f64> {
    let says = row.name.attribution.starts_with("map");
    row.at_reference.as_ref().filter(|_| says).map(Tally::brier)
}

fn reliability(tally: &Tally) -> String {
    let head = ["said, %", "answers", "right, %"];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    for row in tally.reliability.iter().filter(|row| row.answers > 0) {
        let answers = row.answers as f64;
        lines.push(vec![
            format!("{:.1}", row.said / answers * 100.0),
            row.answers.to_string(),
            format!("{:.1}", row.right as f64 / answers * 100.0),
        ]);
    }
    format!(
        "Reliability of the said probability (ringlet, map+tap, {REFERENCE_SIZE} numbers)\n\n{}",
        aligned(&lines)
    )
}

/// A found N, or that the largest pool does not reach it.
pub fn numbers(found: Option<usize>, most: usize) -> String {
    found.map_or_else(|| format!(">{most}"), |numbers| numbers.to_string())
}

/// Lines with the first column to the left and the others to the right.
fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let of = |line: &Vec<String>| line.get(column).map_or(0, |cell| cell.chars().count());
        lines.iter().map(of).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for line in lines {
        for (place, cell) in line.iter().enumerate() {
            let pad = " ".repeat(widths[place].saturating_sub(cell.chars().count()));
            let text = if place == 0 {
                format!("{cell}{pad}")
            } else {
                format!("  {pad}{cell}")
            };
            out.push_str(&text);
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    out
}
