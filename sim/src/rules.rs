//! Which rules are compared, and how their calls are attributed.
//!
//! A rule is a policy of `ringlet_core::pool` and nothing else; the texts each models stand there.

use ringlet_core::pool::{Choice, Overflow, Policy};

use crate::report::Name;

/// How a call is attributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the last holder of the number, as the documented rules do.
    LastHolder,
    /// To the likeliest of the recent holders, by delay alone.
    Map,
    /// The same, told of taps.
    MapTap,
    /// The same, told of taps and of the caller's region.
    MapTapRegion,
}

impl Way {
    /// The name in reports.
    pub fn id(self) -> &'static str {
        match self {
            Self::LastHolder => "last_holder",
            Self::Map => "map",
            Self::MapTap => "map+tap",
            Self::MapTapRegion => "map+tap+region",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::LastHolder => "last holder",
            Self::Map => "MAP",
            Self::MapTap => "MAP + tap",
            Self::MapTapRegion => "MAP + tap + region",
        }
    }
}

/// One run of the engine and the ways its calls are attributed.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The policy's name in a site's configuration.
    pub id: &'static str,
    /// In words.
    pub title: &'static str,
    /// The policy.
    pub policy: Policy,
    /// Whether taps are reported to the pool.
    pub taps: bool,
    /// Whether numbers are coloured by region.
    pub colouring: bool,
    /// How calls are attributed; all in one run.
    pub ways: &'static [Way],
}

impl Rule {
    /// The name of one of its ways in reports.
    pub fn name(&self, way: Way) -> Name {
        Name {
            policy: self.id.to_owned(),
            attribution: way.id().to_owned(),
            title: format!("{} / {}", self.title, way.title()),
        }
    }

    /// Whether the delay model has a say, in choosing numbers or in attributing calls; where it has
    /// none, learning it anew is time for nothing.
    pub fn weighs(&self) -> bool {
        let chooses = matches!(self.policy.choice, Choice::LeastMass { .. })
            || self.policy.overflow == Overflow::TakeLeast;
        chooses || self.ways.iter().any(|way| *way != Way::LastHolder)
    }

    fn field(id: &'static str, title: &'static str, policy: Policy) -> Self {
        Self {
            id,
            title,
            policy,
            taps: false,
            colouring: false,
            ways: &[Way::LastHolder],
        }
    }

    /// Rules of the field as documented, and this project's own, best last.
    pub fn quick() -> Vec<Self> {
        let minutes = |minutes| Policy::fixed(ringlet_core::time::Millis::from_mins(minutes));
        let ours = |ways, colouring| Self {
            title: if colouring {
                "ours: coloured least mass"
            } else {
                "ours: least mass"
            },
            taps: true,
            colouring,
            ways,
            ..Self::field("ringlet", "", Policy::ringlet())
        };
        vec![
            Self::field("fixed_15", "fixed 15 min, then default", minutes(15)),
            Self::field(
                "zadarma",
                "fixed 60 min, then default (Zadarma)",
                minutes(60),
            ),
            Self::field(
                "roistat",
                "tab + 2.5 min, then default (Roistat)",
                Policy::roistat(),
            ),
            Self::field("ringostat", "steal oldest (Ringostat)", Policy::ringostat()),
            Self::field("uis", "15 min, demote passive (UIS)", Policy::uis()),
            Self::field(
                "lptracker",
                "idle 3 min, no freeze (LPTracker)",
                Policy::lptracker(),
            ),
            Self::field(
                "primegate",
                "idle 60 s + freeze 4 min (PrimeGate)",
                Policy::primegate(),
            ),
            ours(&[Way::MapTap], false),
            ours(&[Way::MapTapRegion], true),
        ]
    }

    /// All rules.
    pub fn full() -> Vec<Self> {
        let told = |id, title, policy| Self {
            taps: true,
            ways: &[Way::MapTap, Way::MapTapRegion],
            ..Self::field(id, title, policy)
        };
        let mut rules = vec![
            Self::field(
                "invoca",
                "fixed 30 min, then page's own (Invoca)",
                Policy::invoca(),
            ),
            Self::field(
                "uis_by_source",
                "UIS, pool per source",
                Policy::uis_by_source(),
            ),
            told("roistat", "tab + 2.5 min (Roistat)", Policy::roistat()),
            told("ringostat", "steal oldest (Ringostat)", Policy::ringostat()),
            told(
                "primegate",
                "idle 60 s + freeze 4 min (PrimeGate)",
                Policy::primegate(),
            ),
            Self {
                ways: &[Way::LastHolder, Way::Map],
                ..Self::field("longest_idle", "ours: longest idle", Policy::longest_idle())
            },
            told("longest_idle", "ours: longest idle", Policy::longest_idle()),
            Self {
                ways: &[Way::Map],
                ..Self::field("ringlet", "ours: least mass", Policy::ringlet())
            },
            told(
                "ringlet_shared",
                "ours: least mass, shared when all are active",
                Policy::ringlet_shared(),
            ),
        ];
        let mut quick = Self::quick();
        let ours = quick.split_off(7);
        quick.append(&mut rules);
        quick.extend(ours);
        quick
    }
}
