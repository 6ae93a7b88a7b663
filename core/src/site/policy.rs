//! The rule of a pool, as the owner chooses it. What each rule does is [`crate::pool`]'s business.

use serde::Serialize;

/// Which number a visitor gets, and when he loses it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyConfig {
    /// The number whose past holders are least likely to call; the hold is soft.
    #[default]
    Ringlet,
    /// The hold is hard; with no free number, the reserve number.
    ReserveOnExhaustion,
    /// The hold is hard; with no free number, the page's own.
    PageOnExhaustion,
    /// With no free number, the one held longest changes hands (Ringostat).
    TakeOldest,
    /// Past this time a passive visitor gives way when numbers are short (UIS).
    DemotePassive {
        /// Since the number was lent.
        after_ms: u64,
    },
    /// Held for this time whatever the visitor does (Zadarma).
    FixedHold {
        /// Since the last page view.
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
    /// Numbers are divided among sources.
    PoolPerSource,
}

impl PolicyConfig {
    /// Names of the rules without figures of their own.
    pub(super) const PLAIN: [(&'static str, Self); 5] = [
        ("ringlet", Self::Ringlet),
        ("reserve_on_exhaustion", Self::ReserveOnExhaustion),
        ("page_on_exhaustion", Self::PageOnExhaustion),
        ("take_oldest", Self::TakeOldest),
        ("pool_per_source", Self::PoolPerSource),
    ];

    /// Names of the rules with figures.
    pub(super) const WITH_FIGURES: &'static [&'static str] = &[
        "demote_passive",
        "fixed_hold",
        "tab_and_freeze",
        "idle_release_and_freeze",
    ];
}
