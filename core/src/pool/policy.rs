//! How a pool lends: what holds a number, which free one is chosen, what happens when none is free.
//!
//! Ringlet's own rule is [`Policy::ringlet`]. The documented rules of other systems are here too,
//! because owners compare; each constructor names the text it models. A vendor may do more than it
//! documents. Where a text does not say which free number is handed out, the longest-idle one is.

use crate::time::Millis;

/// A whole rule.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Policy {
    /// What keeps a number from being lent again.
    pub hold: Hold,
    /// Which of the numbers that may be lent is lent.
    pub choice: Choice,
    /// What a visitor gets when none may be.
    pub overflow: Overflow,
    /// Numbers are split among the sources they are tagged with (UIS: each source its own pool).
    #[cfg_attr(feature = "serde", serde(default))]
    pub by_source: bool,
    /// The end of a call ends the lease (LPTracker).
    #[cfg_attr(feature = "serde", serde(default))]
    pub unbind_after_call: bool,
}

/// What keeps a number from being lent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", tag = "kind")
)]
pub enum Hold {
    /// Only activity holds a number; an idle visitor keeps his until somebody needs it. The hold
    /// time of the pool decides when the lease ends in the owner's eyes, not who may take it.
    ByNeed,
    /// A fixed time from the grant, whatever the visitor does.
    Fixed {
        /// The time.
        hold_ms: Millis,
    },
    /// While a tab is open, and a time after.
    TabOpen {
        /// The time after the last tab closed.
        freeze_ms: Millis,
    },
    /// Until idle for a time (a closed tab is idle at once), and a time after.
    IdleRelease {
        /// How long without activity makes idle.
        idle_ms: Millis,
        /// How long the number rests for its visitor after that.
        freeze_ms: Millis,
    },
    /// A fixed time from the grant for all; past it, an active visitor keeps his number, and one
    /// whose tab is open but passive keeps it until a newcomer finds none free.
    DemotePassive {
        /// The guaranteed time.
        hold_ms: Millis,
    },
}

/// Which of the numbers that may be lent is lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", tag = "kind")
)]
pub enum Choice {
    /// The one whose past holders have the fewest calls to be expected within `tau_ms`.
    LeastMass {
        /// About one reuse age, 1 to 10 min; a day is measurably wrong.
        tau_ms: Millis,
    },
    /// The one whose last holder has been quiet the longest.
    LongestIdle,
}

/// What a visitor gets when no number may be lent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Overflow {
    /// The reserve number (Roistat, UIS, Zadarma): the source survives, the visitor is lost.
    #[default]
    Reserve,
    /// The page's own number (Invoca `allow_overflow: false`): nothing breaks, nothing is known.
    Page,
    /// The number granted longest ago, whoever holds it (Ringostat).
    TakeOldest,
    /// The number with the least expected calls, although its visitor is active.
    TakeLeast,
}

/// τ of the selection: the mass a number's past holders have within ten minutes.
pub const TAU: Millis = Millis::from_mins(10);

impl Default for Policy {
    fn default() -> Self {
        Self::ringlet()
    }
}

impl Policy {
    /// Ringlet: the least expected calls within ten minutes; activity alone holds a number; with
    /// every visitor active the reserve number answers.
    pub const fn ringlet() -> Self {
        Self {
            hold: Hold::ByNeed,
            choice: Choice::LeastMass { tau_ms: TAU },
            overflow: Overflow::Reserve,
            by_source: false,
            unbind_after_call: false,
        }
    }

    /// The same, but with every visitor active a newcomer shares the number whose visitor is least
    /// likely to call: pools too small for those who look at them at once credit more calls, and
    /// credit more of them wrongly (`docs/concepts/pools.md`).
    pub const fn ringlet_shared() -> Self {
        Self::ringlet().with_overflow(Overflow::TakeLeast)
    }

    /// Ringlet's hold with the longest-idle number instead of the least mass.
    pub const fn longest_idle() -> Self {
        Self {
            choice: Choice::LongestIdle,
            ..Self::ringlet()
        }
    }

    const fn field(hold: Hold, overflow: Overflow) -> Self {
        Self {
            hold,
            choice: Choice::LongestIdle,
            overflow,
            by_source: false,
            unbind_after_call: false,
        }
    }

    /// A fixed time, then the reserve number. With 60 min it is Zadarma's "session length", 60 min
    /// by default, up to 10 h (Zadarma glossary, comments).
    pub const fn fixed(hold_ms: Millis) -> Self {
        Self::field(Hold::Fixed { hold_ms }, Overflow::Reserve)
    }

    /// Roistat: "while on site + 2.5 min after leaving"; the reserve number when none is free
    /// (Roistat numbers page; help-en.roistat.com, Substitution numbers).
    pub const fn roistat() -> Self {
        let freeze_ms = Millis::from_secs(150);
        Self::field(Hold::TabOpen { freeze_ms }, Overflow::Reserve)
    }

    /// Ringostat: with 5 numbers and a sixth visitor the "oldest" visitor's number goes to the
    /// newest; Ringostat itself says that this hurts the data (Ringostat April update). Its minutes
    /// are not published: held while the tab is open and 2.5 min after, as Roistat.
    pub const fn ringostat() -> Self {
        let freeze_ms = Millis::from_secs(150);
        Self::field(Hold::TabOpen { freeze_ms }, Overflow::TakeOldest)
    }

    /// UIS: past the hold time a passive visitor (tab left open) is switched to the default number,
    /// only when new visitors lack numbers; an active one keeps his. 15 to 30 min usual
    /// (UIS algorithm article).
    pub const fn uis() -> Self {
        let hold_ms = Millis::from_mins(15);
        Self::field(Hold::DemotePassive { hold_ms }, Overflow::Reserve)
    }

    /// UIS's advice on layout: each source its own numbers and its own default number
    /// (UIS algorithm article).
    pub const fn uis_by_source() -> Self {
        Self {
            by_source: true,
            ..Self::uis()
        }
    }

    /// LPTracker: 3 min from the last activity (scroll, mouse, click), unbound right after the call
    /// (faq.lptracker.io, item 199270).
    pub const fn lptracker() -> Self {
        let hold = Hold::IdleRelease {
            idle_ms: Millis::from_mins(3),
            freeze_ms: Millis(0),
        };
        Self {
            unbind_after_call: true,
            ..Self::field(hold, Overflow::Reserve)
        }
    }

    /// PrimeGate's hybrid session: away from the computer the number is freed, then a freeze time
    /// from the last activity; the example is 4 min (PrimeGate article). Idle after 60 s.
    pub const fn primegate() -> Self {
        Self::field(
            Hold::IdleRelease {
                idle_ms: Millis::from_secs(60),
                freeze_ms: Millis::from_mins(4),
            },
            Overflow::Reserve,
        )
    }

    /// Invoca with `allow_overflow: false`: a guaranteed minimum allocation (`lifetime_seconds`,
    /// for example 1800), the page's own number when none is free (Invoca developer docs, ring
    /// pools).
    pub const fn invoca() -> Self {
        Self::field(
            Hold::Fixed {
                hold_ms: Millis::from_mins(30),
            },
            Overflow::Page,
        )
    }

    /// The rules that have a name in a site's configuration.
    pub const NAMED: [(&'static str, Self); 12] = [
        ("ringlet", Self::ringlet()),
        ("ringlet_shared", Self::ringlet_shared()),
        ("longest_idle", Self::longest_idle()),
        ("fixed_15", Self::fixed(Millis::from_mins(15))),
        ("zadarma", Self::fixed(Millis::from_mins(60))),
        ("roistat", Self::roistat()),
        ("ringostat", Self::ringostat()),
        ("uis", Self::uis()),
        ("uis_by_source", Self::uis_by_source()),
        ("lptracker", Self::lptracker()),
        ("primegate", Self::primegate()),
        ("invoca", Self::invoca()),
    ];

    /// The rule of a name of [`Self::NAMED`].
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMED
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, policy)| *policy)
    }

    /// This rule with another answer to exhaustion.
    pub const fn with_overflow(self, overflow: Overflow) -> Self {
        Self { overflow, ..self }
    }
}
