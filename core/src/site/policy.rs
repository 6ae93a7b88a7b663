//! The rule of a pool as the owner chooses it, and the pool that follows from a configuration.

use super::{CooldownRule, PoolConfig, RegionColouring, SiteConfig};
use crate::condition::VisitFacts;
use crate::phone::E164;
use crate::pool;
use crate::pool::{Choice, Hold, Overflow, Policy};
use crate::scenario::{Scenario, ScenarioKind, comes_from};
use crate::time::Millis;
use serde::Serialize;
use std::collections::BTreeSet;

/// How long a combination of parameters keeps its number: two weeks without a show return it, as in
/// the shared pools of the field (Mango).
pub const COMBINATION_HOLD: Millis = Millis::from_mins(14 * 24 * 60);

/// Which number a visitor gets, and when he loses it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyConfig {
    /// The number whose past holders are least likely to call; the hold is soft.
    #[default]
    Ringlet,
    /// The hold is hard; with no free number, the reserve number (Roistat, UIS, Zadarma).
    ReserveOnExhaustion,
    /// The hold is hard; with no free number, the page's own (Invoca `allow_overflow: false`).
    PageOnExhaustion,
    /// The hold is hard; with no free number, the one lent longest ago changes hands (Ringostat).
    TakeOldest,
    /// As `ringlet`, with the numbers divided among the sources their records name (UIS).
    PoolPerSource,
    /// Past this time a passive visitor gives way when numbers are short (UIS).
    DemotePassive {
        /// Since the number was lent.
        after_ms: u64,
    },
    /// Held for this time whatever the visitor does (Zadarma).
    FixedHold {
        /// Since the number was lent.
        ms: u64,
    },
    /// Held while a tab is open, and this long after (Roistat).
    TabAndFreeze {
        /// Since the last tab closed.
        ms: u64,
    },
    /// Released when idle, held this long after (PrimeGate).
    IdleReleaseAndFreeze {
        /// Idle this long.
        idle_ms: u64,
        /// Then held this long.
        freeze_ms: u64,
    },
    /// Another of the documented rules, by its name in [`Policy::NAMED`].
    #[serde(untagged)]
    Named(&'static str),
}

impl PolicyConfig {
    /// The rules that are written as a name.
    pub(super) fn plain() -> Vec<(&'static str, Self)> {
        let own = [
            ("ringlet", Self::Ringlet),
            ("reserve_on_exhaustion", Self::ReserveOnExhaustion),
            ("page_on_exhaustion", Self::PageOnExhaustion),
            ("take_oldest", Self::TakeOldest),
            ("pool_per_source", Self::PoolPerSource),
        ];
        let named = Policy::NAMED.iter().filter(|(name, _)| *name != "ringlet");
        own.into_iter()
            .chain(named.map(|(name, _)| (*name, Self::Named(name))))
            .collect()
    }

    /// Names of the rules with figures.
    pub(super) const WITH_FIGURES: &'static [&'static str] = &[
        "demote_passive",
        "fixed_hold",
        "tab_and_freeze",
        "idle_release_and_freeze",
    ];
}

impl PoolConfig {
    /// The rule of the pool with its figures.
    pub fn rule(&self) -> Policy {
        // The hold counts from the last activity: idle for a while, then the rest of it.
        let hard = Hold::IdleRelease {
            idle_ms: self.idle_release,
            freeze_ms: Millis(self.hold.0.saturating_sub(self.idle_release.0)),
        };
        let field = |hold, overflow| Policy {
            hold,
            choice: Choice::LongestIdle,
            overflow,
            ..Policy::ringlet()
        };
        match self.policy {
            PolicyConfig::Ringlet => Policy::ringlet(),
            PolicyConfig::ReserveOnExhaustion => field(hard, Overflow::Reserve),
            PolicyConfig::PageOnExhaustion => field(hard, Overflow::Page),
            PolicyConfig::TakeOldest => field(hard, Overflow::TakeOldest),
            PolicyConfig::PoolPerSource => Policy {
                by_source: true,
                ..Policy::ringlet()
            },
            PolicyConfig::DemotePassive { after_ms } => field(
                Hold::DemotePassive {
                    hold_ms: Millis(after_ms),
                },
                Overflow::Reserve,
            ),
            PolicyConfig::FixedHold { ms } => Policy::fixed(Millis(ms)),
            PolicyConfig::TabAndFreeze { ms } => field(
                Hold::TabOpen {
                    freeze_ms: Millis(ms),
                },
                Overflow::Reserve,
            ),
            PolicyConfig::IdleReleaseAndFreeze { idle_ms, freeze_ms } => {
                let (idle_ms, freeze_ms) = (Millis(idle_ms), Millis(freeze_ms));
                field(Hold::IdleRelease { idle_ms, freeze_ms }, Overflow::Reserve)
            }
            PolicyConfig::Named(name) => Policy::named(name).unwrap_or_default(),
        }
    }
}

impl SiteConfig {
    /// What the pool's state machine works with: numbers with their roles, times and rule. Reserve
    /// numbers are the scenarios' own ([`SiteConfig::reserve_of`]), so none is among them.
    pub fn pool_config(&self, config: &PoolConfig) -> pool::PoolConfig {
        let numbers = config.numbers.iter().map(|number| {
            let record = self.record(*number);
            let source = record
                .and_then(|record| record.source.as_deref())
                .unwrap_or_default();
            pool::NumberConfig {
                number: *number,
                role: if self.is_usable(*number) {
                    pool::Role::Dynamic
                } else {
                    pool::Role::Disabled
                },
                source: pool::Source::of(source),
            }
        });
        let beat = config.beat();
        let by_params = self.scenarios.iter().any(|scenario| {
            matches!(&scenario.kind, ScenarioKind::Params { pool, .. } if *pool == config.id)
        });
        pool::PoolConfig {
            numbers: numbers.collect(),
            times: pool::Times {
                hold_ms: config.hold,
                idle_release_ms: config.idle_release,
                beat_ms: beat,
                // Two beats may be lost, and one may be late.
                silence_ms: Millis(beat.0.saturating_mul(5) / 2),
                cooldown_ms: config.cooldown,
                cooldown: match config.cooldown_rule {
                    CooldownRule::Preferred => pool::Cooldown::Preferred,
                    CooldownRule::Required => pool::Cooldown::Required,
                },
                remember_ms: Millis::from_mins(self.attribution.window_days * 24 * 60),
                ..pool::Times::default()
            },
            policy: if by_params {
                Policy::fixed(COMBINATION_HOLD)
            } else {
                config.rule()
            },
            region_colouring: match config.region_colouring {
                RegionColouring::Learnt => pool::Colouring::Learnt,
                RegionColouring::On => pool::Colouring::On,
                RegionColouring::Off => pool::Colouring::Off,
            },
            ..pool::PoolConfig::default()
        }
    }

    /// The source whose numbers of a pool a visit may be lent: of those that the records of its
    /// numbers name and that it comes from the longest, for that says most. None where the pool is
    /// not divided among sources, and where it comes from none of them.
    pub fn source_within(&self, pool: &str, facts: &VisitFacts) -> pool::Source {
        let divided = |of: &&PoolConfig| of.id.as_str() == pool && of.rule().by_source;
        let Some(pool) = self.pools.iter().find(divided) else {
            return pool::Source::default();
        };
        let records = pool
            .numbers
            .iter()
            .filter_map(|number| self.record(*number));
        let sources: BTreeSet<&str> = records.filter_map(|of| of.source.as_deref()).collect();
        sources
            .into_iter()
            .filter(|source| !source.is_empty() && comes_from(facts, source))
            .max_by_key(|source| source.len())
            .map_or_else(pool::Source::default, pool::Source::of)
    }

    /// Among how many state machines a pool is divided. One that lends a number to a combination of
    /// parameters is not: the combination's number must be found by whoever brings it.
    pub fn shards_of(&self, config: &PoolConfig) -> pool::Shards {
        let by_params = self.scenarios.iter().any(|scenario| {
            matches!(&scenario.kind, ScenarioKind::Params { pool, .. } if *pool == config.id)
        });
        let shards = if by_params { 1 } else { config.shards };
        pool::Shards::new(u32::try_from(shards).unwrap_or(1))
    }

    /// The number that `scenario` shows when no other is to be had; nothing leaves the page's own.
    pub fn reserve_of(&self, scenario: &Scenario) -> Option<E164> {
        let pool = scenario.pool().and_then(|id| self.pool(id));
        let to_page = scenario.overflow == crate::scenario::Overflow::Page
            || pool.is_some_and(|pool| pool.rule().overflow == Overflow::Page);
        scenario
            .reserve_number
            .filter(|number| !to_page && self.is_usable(*number))
    }
}
