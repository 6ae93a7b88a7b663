//! The table of numbers an owner knows, over a configuration alone.

use crate::id::{PoolId, ScenarioId};
use crate::phone::E164;
use crate::scenario::ScenarioKind;
use crate::site::{NumberOrigin, NumberRecord, NumberStatus, NumberUse, PoolConfig, SiteConfig};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One line of the table of numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NumberRow {
    /// The number.
    pub number: E164,
    /// Whose it is.
    pub origin: NumberOrigin,
    /// Day it was connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connected: Option<String>,
    /// City or area, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Whether it may be lent.
    pub status: NumberStatus,
    /// What it is used for.
    #[serde(flatten)]
    pub place: NumberPlace,
}

/// What a number is used for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "place", rename_all = "snake_case")]
pub enum NumberPlace {
    /// Nothing.
    Free,
    /// Lent from a pool.
    Pool {
        /// The pool.
        pool: PoolId,
        /// Scenarios that draw on it.
        scenarios: Vec<ScenarioId>,
    },
    /// Bound to a source.
    Static {
        /// The scenario.
        scenarios: Vec<ScenarioId>,
        /// The source.
        source: String,
    },
    /// Reserve of scenarios.
    Reserve {
        /// The scenarios.
        scenarios: Vec<ScenarioId>,
    },
}

/// Which numbers to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberFilter {
    /// Every one.
    #[default]
    All,
    /// Those in a scenario.
    Used,
    /// Those in none.
    Free,
    /// Reserve numbers.
    Reserve,
    /// Those withdrawn because of strange calls.
    Quarantined,
}

impl NumberFilter {
    /// The filters by their names.
    pub const NAMES: [&str; 5] = ["all", "used", "free", "reserve", "quarantined"];
}

/// The numbers of a site in ascending order.
pub fn rows(config: &SiteConfig, filter: NumberFilter) -> Vec<NumberRow> {
    let records = config.numbers.iter().map(|record| record.number);
    let pooled = config
        .pools
        .iter()
        .flat_map(|pool| pool.numbers.iter().copied());
    let bound = config
        .scenarios
        .iter()
        .flat_map(|scenario| match &scenario.kind {
            ScenarioKind::Static { bindings } => bindings.as_slice(),
            _ => &[],
        });
    let reserve = config
        .scenarios
        .iter()
        .filter_map(|scenario| scenario.reserve_number);
    let all: BTreeSet<E164> = records
        .chain(pooled)
        .chain(bound.map(|binding| binding.number))
        .chain(reserve)
        .collect();
    let index = Index::new(config);
    all.into_iter()
        .map(|number| index.row(number))
        .filter(|row| filter.admits(row))
        .collect()
}

impl NumberFilter {
    fn admits(self, row: &NumberRow) -> bool {
        match self {
            Self::All => true,
            Self::Used => row.place != NumberPlace::Free,
            Self::Free => row.place == NumberPlace::Free,
            Self::Reserve => matches!(row.place, NumberPlace::Reserve { .. }),
            Self::Quarantined => row.status == NumberStatus::Quarantined,
        }
    }
}

/// Places and records by number: ten thousand rows are not looked for one in another.
pub(super) struct Index<'c> {
    config: &'c SiteConfig,
    pub(super) places: std::collections::HashMap<E164, &'c PoolConfig>,
    pub(super) records: std::collections::HashMap<E164, &'c NumberRecord>,
}

impl<'c> Index<'c> {
    pub(super) fn new(config: &'c SiteConfig) -> Self {
        let pools = config.pools.iter();
        Self {
            config,
            places: pools
                .flat_map(|pool| pool.numbers.iter().map(move |number| (*number, pool)))
                .collect(),
            records: config
                .numbers
                .iter()
                .map(|record| (record.number, record))
                .collect(),
        }
    }

    fn row(&self, number: E164) -> NumberRow {
        let record = self.records.get(&number).copied();
        NumberRow {
            number,
            origin: record.map(|record| record.origin).unwrap_or_default(),
            connected: record.and_then(|record| record.connected.clone()),
            city: record.and_then(|record| record.city.clone()),
            status: record.map(|record| record.status).unwrap_or_default(),
            place: self.place(number),
        }
    }

    fn place(&self, number: E164) -> NumberPlace {
        if let Some(pool) = self.places.get(&number) {
            let scenarios = self.config.scenarios.iter();
            let drawing = scenarios.filter(|scenario| scenario.pool() == Some(&pool.id));
            return NumberPlace::Pool {
                pool: pool.id.clone(),
                scenarios: drawing.map(|scenario| scenario.id.clone()).collect(),
            };
        }
        match self.config.use_of_outside_pools(number) {
            Some(NumberUse::Static { scenario, source }) => NumberPlace::Static {
                scenarios: vec![scenario.id.clone()],
                source: source.to_owned(),
            },
            Some(NumberUse::Reserve(by)) => NumberPlace::Reserve {
                scenarios: by.iter().map(|scenario| scenario.id.clone()).collect(),
            },
            _ => NumberPlace::Free,
        }
    }
}
