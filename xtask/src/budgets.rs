//! The recorded budgets: the table of `docs/reference/budgets.md`, read by `size` and `bench`.
//!
//! A row is `| `key` | ≤ 16,000 B | measured | … |`; the page is the only place where a budget
//! stands.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::{output, paths};

const PAGE: &str = "docs/reference/budgets.md";

/// One bound of the page.
#[derive(Debug, PartialEq)]
pub(crate) struct Budget {
    key: String,
    is_maximum: bool,
    bound: f64,
}

/// Prints each figure beside its budget.
///
/// # Errors
/// A figure is past its budget.
pub(crate) fn compare(figures: &[(&str, f64)]) -> Result<()> {
    let page = fs::read_to_string(paths::root().join(PAGE)).with_context(|| PAGE.to_owned())?;
    let budgets = parse(&page);
    let mut broken = Vec::new();
    for (key, figure) in figures {
        let budget = budgets.iter().find(|budget| budget.key == *key);
        output::line(&row(key, *figure, budget));
        if budget.is_some_and(|budget| !budget.holds(*figure)) {
            broken.push(*key);
        }
    }
    if !broken.is_empty() {
        bail!("past the budget of {PAGE}: {}", broken.join(", "));
    }
    Ok(())
}

impl Budget {
    fn holds(&self, figure: f64) -> bool {
        if self.is_maximum {
            figure <= self.bound
        } else {
            figure >= self.bound
        }
    }
}

fn row(key: &str, figure: f64, budget: Option<&Budget>) -> String {
    let decimals = if figure.fract() == 0.0 { 0 } else { 3 };
    let bound = budget.map_or_else(String::new, |budget| {
        let sign = if budget.is_maximum { '≤' } else { '≥' };
        let verdict = if budget.holds(figure) { "ok" } else { "OVER" };
        format!("{sign} {:<10} {verdict}", budget.bound)
    });
    format!("{key:<34} {figure:>14.decimals$}   {bound}")
        .trim_end()
        .to_owned()
}

fn parse(page: &str) -> Vec<Budget> {
    page.lines().filter_map(parse_row).collect()
}

fn parse_row(line: &str) -> Option<Budget> {
    let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
    let key = cells
        .next()?
        .strip_prefix('`')?
        .strip_suffix('`')?
        .to_owned();
    let cell = cells.next()?;
    let is_maximum = cell.starts_with('≤');
    let number = cell
        .trim_start_matches(['≤', '≥', ' '])
        .split(' ')
        .next()?
        .replace(',', "");
    Some(Budget {
        key,
        is_maximum,
        bound: number.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_and_the_rest_is_prose() {
        let page = "\
# Budgets
| key | budget | measured |
|---|---|---|
| `agent.first_load_brotli` | ≤ 16,000 B | 9,000 |
| `edge.visit_ratio_to_empty_object` | ≥ 0.8 | 0.9 |
| `core.beat_ns_10k` | none yet | 20 |
";
        let budgets = parse(page);
        assert_eq!(budgets.len(), 2);
        assert!(budgets[0].holds(16_000.0) && !budgets[0].holds(16_001.0));
        assert!(budgets[1].holds(0.8) && !budgets[1].holds(0.79));
    }
}
