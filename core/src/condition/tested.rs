//! Each condition by itself: what it asks for, what a visit has, and whether it refuses the visit.
//! For people who ask why; the choice of scenarios is [`admit`](super::admit)'s.

use super::{Condition, Dimension, Operator, VisitFacts, fold};
use serde::Serialize;

/// One condition, tested on a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tested {
    /// What it looks at.
    pub dimension: Dimension,
    /// How it compares.
    pub operator: Operator,
    /// With what, as configured.
    pub values: Vec<String>,
    /// Whether it excludes.
    pub negate: bool,
    /// What the visit has there; nothing where it has no value.
    pub seen: Vec<String>,
    /// Whether a value fits what the visit has.
    pub fits: bool,
    /// Whether the visit is refused on its account: an excluding condition fits, or no including
    /// one of its dimension does.
    pub refuses: bool,
}

/// Tests each of `conditions`, in their order.
pub fn test_each(conditions: &[Condition], facts: &VisitFacts) -> Vec<Tested> {
    let test = |condition: &Condition| {
        let seen = facts.values(condition.dimension);
        let fits = seen.iter().any(|text| condition.fits(&fold(text)));
        Tested {
            dimension: condition.dimension,
            operator: condition.operator,
            values: condition.values().map(str::to_owned).collect(),
            negate: condition.negate,
            seen,
            fits,
            refuses: condition.negate && fits,
        }
    };
    let mut tested: Vec<Tested> = conditions.iter().map(test).collect();
    let included: Vec<Dimension> = tested
        .iter()
        .filter(|one| !one.negate && one.fits)
        .map(|one| one.dimension)
        .collect();
    for one in &mut tested {
        one.refuses |= !one.negate && !included.contains(&one.dimension);
    }
    tested
}
