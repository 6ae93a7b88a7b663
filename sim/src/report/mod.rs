//! What a simulation tells, in text, as JSON Lines and as one HTML file.
//!
//! Not what it computes: rows come in, words go out. Shares are in per cent throughout, as in the
//! published tables.

pub mod html;
pub mod json;
pub mod text;

use crate::search::TARGETS;
use crate::tally::Tally;

/// The pool size at which wrong, unmatched and default shares are told.
pub const REFERENCE_SIZE: usize = 100;

/// Names of a rule in reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Short: `ringlet`, `roistat`, `bound`.
    pub policy: String,
    /// How calls were attributed: `last_holder`, `map`, `map+tap`, `map+tap+region`.
    pub attribution: String,
    /// In words.
    pub title: String,
}

/// How one rule did on one workload.
#[derive(Clone, Debug)]
pub struct Row {
    /// The workload.
    pub workload: String,
    /// The rule.
    pub name: Name,
    /// Numbers needed for [`TARGETS`]; nothing where the largest pool tried does not reach it.
    pub n: [Option<usize>; TARGETS.len()],
    /// The largest pool tried.
    pub most: usize,
    /// R by pool size, 0 to 1, ascending.
    pub r: Vec<(usize, f64)>,
    /// What was counted at [`REFERENCE_SIZE`]; nothing for bounds.
    pub at_reference: Option<Tally>,
    /// Starts of activity that were shown a default number at [`REFERENCE_SIZE`], 0 to 1.
    pub default_share: Option<f64>,
}

impl Row {
    /// R with `numbers`, if that size was run.
    pub fn right(&self, numbers: usize) -> Option<f64> {
        self.r
            .iter()
            .find(|(size, _)| *size == numbers)
            .map(|(_, share)| *share)
    }
}

/// A workload with its rows.
#[derive(Clone, Debug)]
pub struct Section {
    /// The workload's short name.
    pub id: String,
    /// In words, with seeds and days.
    pub title: String,
    /// Pool sizes for the table of R.
    pub sizes: Vec<usize>,
    /// The rules.
    pub rows: Vec<Row>,
}
