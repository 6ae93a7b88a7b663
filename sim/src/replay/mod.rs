//! An owner's own log through every rule: how many numbers *he* needs.
//!
//! The log (docs/reference/replay.md) tells visits, their activity, taps, and calls with the visit
//! that made each, as far as he knows. What he does not know, nobody can replay: calls without a
//! visit are left out and counted. Not a judgement of the visits' attribution in the log itself.

mod export;
mod read;
mod write;

pub use read::{Fault, Log, read};
pub use write::write;

use core::fmt::Write as _;

use serde_json::{Value, json};

use crate::drive::{Drive, Outcome};
use crate::rules::Rule;
use crate::search::{Search, TARGETS};

/// The largest pool tried on an owner's log.
pub const MOST: usize = 10_000;

/// What one rule needs on the log.
#[derive(Clone, Debug)]
pub struct Need {
    /// Policy and attribution, short.
    pub policy: String,
    /// How calls were attributed.
    pub attribution: String,
    /// In words.
    pub title: String,
    /// Numbers for [`TARGETS`].
    pub n: [Option<usize>; TARGETS.len()],
    /// With the numbers asked for: how many, right share, wrong share.
    pub at: Option<(usize, f64, f64)>,
}

/// Puts `log` through `rules`. `numbers` is the pool whose accuracy is told besides. The delay
/// model starts from the default table and learns from the log as it would have learnt live.
pub fn needs(log: &Log, rules: &[Rule], numbers: Option<usize>) -> Vec<Need> {
    let mut needs = Vec::new();
    for rule in rules {
        let mut search = Search::new(MOST, |numbers| {
            Drive {
                rule,
                numbers,
                taught: None,
                from_ms: 0,
            }
            .run(&log.history)
        });
        for (place, way) in rule.ways.iter().enumerate() {
            let share = move |outcome: &Outcome| outcome.tallies[place].right_share();
            let n = TARGETS.map(|target| search.numbers(f64::from(target) / 100.0, share));
            let name = rule.name(*way);
            let at = numbers.map(|numbers| {
                let tally = &search.at(numbers).tallies[place];
                (numbers, tally.right_share(), tally.wrong_share())
            });
            let (policy, attribution, title) = (name.policy, name.attribution, name.title);
            needs.push(Need {
                policy,
                attribution,
                title,
                n,
                at,
            });
        }
    }
    needs
}

/// A table for a terminal.
pub fn text(log: &Log, needs: &[Need]) -> String {
    let days = log.history.end_ms as f64 / 86_400_000.0;
    let mut out = format!(
        "{} visits in {days:.1} days, {} calls whose visit is known, {} without.\n\
         Numbers needed for a share of right calls:\n\n{:<52}",
        log.history.visits.len(),
        log.calls_known,
        log.calls_without_visit,
        "policy / attribution"
    );
    for target in TARGETS {
        let _ = write!(out, "{:>8}", format!("{target} %"));
    }
    out.push('\n');
    for need in needs {
        let _ = write!(out, "{:<52}", need.title);
        for found in need.n {
            let _ = write!(out, "{:>8}", crate::report::text::numbers(found, MOST));
        }
        if let Some((numbers, right, wrong)) = need.at {
            let (right, wrong) = (right * 100.0, wrong * 100.0);
            let _ = write!(
                out,
                "   with {numbers}: {right:.1} % right, {wrong:.1} % wrong"
            );
        }
        out.push('\n');
    }
    out
}

/// One JSON object a rule, a line each.
pub fn json_lines(needs: &[Need]) -> String {
    let object = |need: &Need| -> Value {
        let n: serde_json::Map<String, Value> = TARGETS
            .iter()
            .zip(need.n)
            .map(|(target, found)| (target.to_string(), found.map_or(Value::Null, Value::from)))
            .collect();
        let at = need.at.map(|(numbers, right, wrong)| {
            json!({"numbers": numbers, "right": right * 100.0, "wrong": wrong * 100.0})
        });
        json!({
            "workload": "replay",
            "policy": need.policy,
            "attribution": need.attribution,
            "n": n,
            "at": at,
        })
    };
    needs
        .iter()
        .map(|need| format!("{}\n", object(need)))
        .collect()
}
