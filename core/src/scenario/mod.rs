//! Scenarios: which visits get which numbers, and where on the page they are shown.
//!
//! What is here: the three kinds (a number per visitor, per source, per combination of
//! parameters), targets, and the choice among scenarios that overlap ([`match_scenarios`]). What is
//! not here: which number of a pool a visitor gets ([`crate::pool`]).

mod choose;
mod explain;

pub use choose::{Decision, Give, Match, Matching, Outcome, comes_from, match_scenarios};
pub use explain::{Explained, explain};

use crate::condition::{Condition, Dimension};
use crate::id::{PoolId, ScenarioId};
use crate::mask::Mask;
use crate::phone::E164;
use serde::{Serialize, Serializer};

/// One rule of a site.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scenario {
    /// Its name in addresses and interfaces.
    pub id: ScenarioId,
    /// Its name for people.
    pub name: String,
    /// Switched off, it gives no numbers; its calls are still attributed.
    pub enabled: bool,
    /// What its numbers are bound to.
    #[serde(flatten)]
    pub kind: ScenarioKind,
    /// Where scenarios claim the same elements the greater priority wins; among equals the one
    /// that stands first in the configuration.
    pub priority: i32,
    /// All must hold; none means every visit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// Where its numbers are shown.
    pub targets: Vec<Target>,
    /// Elements that are left alone, with all they contain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclusions: Vec<Selector>,
    /// How its numbers are written; without one, in the shape of what stood there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<Mask>,
    /// Shown when no other number is to be had: it tells the source, not the visitor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserve_number: Option<E164>,
    /// What is shown when the pool has no number left.
    pub overflow: Overflow,
    /// Where calls to its numbers go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward: Option<Forward>,
    /// A call that lasted at least this long is a target call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_talk_s: Option<u64>,
}

/// What the numbers of a scenario are bound to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ScenarioKind {
    /// A number per visitor, out of a pool.
    Dynamic {
        /// The pool.
        pool: PoolId,
    },
    /// A number per source, for good.
    Static {
        /// The numbers and their sources; the first that fits counts.
        bindings: Vec<StaticBinding>,
    },
    /// A number per combination of parameters, out of a pool; combinations beyond the pool get the
    /// reserve number.
    Params {
        /// The pool.
        pool: PoolId,
        /// What is combined, in order.
        params: Vec<Dimension>,
    },
}

impl Scenario {
    /// The masks its numbers are written by, each once; an empty one for targets that keep the
    /// shape of what stands there.
    pub fn masks(&self) -> Vec<String> {
        let mut masks = Vec::new();
        for target in &self.targets {
            let mask = target.mask.as_ref().or(self.mask.as_ref());
            let text = mask.map_or("", Mask::as_str);
            if !masks.iter().any(|known| known == text) {
                masks.push(text.to_owned());
            }
        }
        masks
    }

    /// The pool it draws from, unless it is static.
    pub fn pool(&self) -> Option<&PoolId> {
        match &self.kind {
            ScenarioKind::Dynamic { pool } | ScenarioKind::Params { pool, .. } => Some(pool),
            ScenarioKind::Static { .. } => None,
        }
    }
}

/// A number bound to one source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StaticBinding {
    /// The number.
    pub number: E164,
    /// The source its calls are credited to.
    pub source: String,
    /// Printed or spoken only: never shown on the page.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub offline: bool,
    /// When it is shown. Without conditions it is shown when the Roistat label begins with the
    /// source (at a level's end), or `utm_source`, the source or the channel is the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Vec<Condition>>,
}

/// Elements of a page.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Selector {
    /// By class, without the dot.
    Class(String),
    /// By CSS selector.
    Selector(String),
    /// By id, without `#`.
    ElementId(String),
    /// By `name` attribute.
    Name(String),
    /// Wherever this number is written.
    Number(E164),
    /// Numbers with an element for each part: classes `NAME-country`, `NAME-region` and
    /// `NAME-number`, by their common `NAME`.
    Parts(String),
}

/// Elements of a page and how the number is written there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Target {
    /// Which elements.
    #[serde(flatten)]
    pub selector: Selector,
    /// Instead of the scenario's mask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<Mask>,
}

/// What is shown when a pool has no number left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// The reserve number; the page's own where there is none.
    #[default]
    Reserve,
    /// The page's own number.
    Page,
}

/// Where a call goes and what the one who takes it is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Forward {
    /// The company's line; without one the exchange goes on as it was set up.
    #[serde(flatten)]
    pub to: Option<ForwardTo>,
    /// Who should take it, by the exchange's own name for him: an extension (Zadarma), a login
    /// (MegaFon VATS).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// The one who takes the call is told the source before the caller is put through, where the
    /// exchange can say it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub whisper: bool,
}

/// The company's line.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ForwardTo {
    /// To a telephone number.
    Phone(E164),
    /// To a SIP address, `sip:` or `sips:`.
    Sip(String),
}

impl Serialize for Mask {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
