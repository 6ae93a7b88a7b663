//! What a pool has its shell write down, and from which it is rebuilt.
//!
//! One row per grant, per tap, per call mark and per change by hand. Signs of activity write none:
//! what they changed is written for many leases at once by [`super::Pool::checkpoint`], which the
//! shell calls when it pleases (before it may be put to sleep), and the pool itself before a row of
//! which more is learnt than it tells: a credited call, another configuration, numbers that move.
//!
//! What replay gives back where the last row is a checkpoint: leases, holders and all that was
//! learnt, to the bit. Where it is not, the calls counted and the model in force are as they were,
//! and so is exclusivity; of leases that gave signs since (in the Worker for 5 s at most) it has
//! the earlier last activity, state and class, and counts the seconds since then by them.

use super::config::PoolConfig;
use super::message::{Attributed, Facts, GrantKind};
use super::state::{NumberImage, NumberTouch};
use crate::delay::{CountsChange, DelayCounts};
use crate::id::{CallId, LeaseId, VisitId, VisitorId};
use crate::phone::E164;
use crate::time::UnixMillis;

/// One row of the journal.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct JournalRow {
    /// The row's place: 1, 2, 3 … in the order of [`super::Pool::poll_output`].
    pub row: u64,
    /// The pool's time when it was made.
    pub at: UnixMillis,
    /// What happened.
    pub entry: JournalEntry,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", tag = "entry")
)]
#[non_exhaustive]
pub enum JournalEntry {
    /// A number was lent.
    Grant(Box<Granted>),
    /// The `tel:` link was tapped.
    Tap {
        /// The number shown.
        number: E164,
        /// The lease.
        lease: LeaseId,
    },
    /// A call rings.
    CallStarted {
        /// The number dialled.
        number: E164,
        /// The call.
        call: CallId,
    },
    /// A call ended.
    CallEnded {
        /// The number dialled.
        number: E164,
        /// The call.
        call: CallId,
    },
    /// A call was credited.
    Attributed(Attributed),
    /// A number was taken out of use for a while.
    Quarantine {
        /// The number.
        number: E164,
        /// Until when.
        until: UnixMillis,
    },
    /// The configuration changed.
    Configured(Box<PoolConfig>),
    /// What signs of activity changed since the last checkpoint, many leases in one row.
    Checkpoint {
        /// The leases touched.
        touched: Vec<NumberTouch>,
        /// Counts of delays that changed since the last checkpoint.
        #[cfg_attr(
            feature = "serde",
            serde(default, skip_serializing_if = "Option::is_none")
        )]
        counted: Option<CountsChange>,
        /// All counts of delays, as rows once told them.
        #[cfg_attr(
            feature = "serde",
            serde(default, skip_serializing_if = "Option::is_none")
        )]
        delay: Option<DelayCounts>,
    },
    /// An hour of the pool ended.
    Hour(super::tally::Hour),
    /// Numbers left for another shard, with everything that was known of them.
    Left {
        /// The numbers.
        numbers: Vec<E164>,
    },
    /// Numbers came from another shard.
    Came {
        /// The numbers with their recent holders.
        numbers: Vec<NumberImage>,
    },
    /// A grant of the shard that a number came from, for its context.
    History(Box<Granted>),
    /// A part of the whole state, written while rows of what happens go on between the parts. Once
    /// the last is written, rows before the first are needed for history only.
    Snapshot {
        /// The row of the first part; 0 where all parts were written at once, as they once were.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "is_zero"))]
        of: u64,
        /// 0, 1, 2 …
        part: u32,
        /// With part 0: the configuration. With the last: what was learnt until then, without
        /// numbers. (Part 0 once had what was learnt too, where the last had none.)
        #[cfg_attr(
            feature = "serde",
            serde(default, skip_serializing_if = "Option::is_none")
        )]
        head: Option<Box<SnapshotHead>>,
        /// Numbers with their recent holders, as they were when this part was written.
        numbers: Vec<NumberImage>,
        /// Numbers of which past holders were let go of just before, because nobody is remembered
        /// so long: all that a part of another snapshot changes. Nothing is how rows once told it,
        /// by the numbers themselves.
        #[cfg_attr(
            feature = "serde",
            serde(default, skip_serializing_if = "Option::is_none")
        )]
        forgot: Option<Vec<E164>>,
        /// It is whole with this part.
        #[cfg_attr(
            feature = "serde",
            serde(default, skip_serializing_if = "core::ops::Not::not")
        )]
        last: bool,
    },
}

impl JournalEntry {
    /// Whether nobody did anything: it tells what time alone changed, or what other rows tell, and
    /// a pool without it writes it again by itself.
    pub const fn is_of_itself(&self) -> bool {
        match self {
            Self::Hour(_) | Self::Snapshot { .. } => true,
            Self::Checkpoint { touched, .. } => touched.is_empty(),
            _ => false,
        }
    }
}

/// A number was lent.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Granted {
    /// The number.
    pub number: E164,
    /// The lease.
    pub lease: LeaseId,
    /// Its generation.
    pub generation: u32,
    /// To whom.
    pub visitor: VisitorId,
    /// For which visit.
    pub visit: VisitId,
    /// From which of his tabs.
    pub tab: super::message::TabId,
    /// What was known of him.
    pub facts: Facts,
    /// How the lease came to be.
    pub kind: GrantKind,
    /// Why this number.
    pub why: Why,
    /// The idempotency key of the request; zero is none.
    #[cfg_attr(feature = "serde", serde(with = "key_text"))]
    pub key: u128,
    /// How the number's earlier holder was left: what signs of his had changed since the last
    /// checkpoint, so that it is not lost.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub earlier: Option<Farewell>,
    /// Where the visitor was last shown a number, so that replay need not look for him.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "LastSeen::is_untold")
    )]
    pub last_seen: LastSeen,
    /// The shell's context of the visit.
    pub context: String,
}

/// Where a visitor was last shown a number of the pool, as far as it remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastSeen {
    /// The row is of an earlier version, which did not tell.
    #[default]
    Untold,
    /// He was not.
    Nowhere,
    /// This one.
    At(E164),
}

#[cfg(feature = "serde")]
impl LastSeen {
    /// Whether nothing is written of it.
    const fn is_untold(&self) -> bool {
        matches!(self, Self::Untold)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for LastSeen {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Untold | Self::Nowhere => serializer.serialize_none(),
            Self::At(number) => number.serialize(serializer),
        }
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for LastSeen {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = Option::<E164>::deserialize(from)?;
        Ok(number.map_or(Self::Nowhere, Self::At))
    }
}

/// A holder as he was when his number went to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Farewell {
    /// The generation of his lease.
    pub generation: u32,
    /// His last activity.
    pub last_activity: UnixMillis,
    /// [`crate::delay::Class::index`].
    pub class: u8,
    /// Seconds he was active.
    pub active_s: u16,
    /// Spells of activity.
    pub spells: u8,
    /// Pages seen since the grant, the one that asked not counted.
    #[cfg_attr(feature = "serde", serde(default))]
    pub pages: u16,
}

/// Why a number was chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Why {
    /// The ground.
    pub ground: Ground,
    /// Calls still expected of the number's past holders within τ when it was lent.
    pub expected_calls: f32,
    /// How long its last holder had been quiet; zero if it never had one.
    pub rested_ms: crate::time::Millis,
}

/// The ground on which a number was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Ground {
    /// It was his already.
    Own,
    /// Nobody ever had it.
    Fresh,
    /// The fewest calls are to be expected of its past holders.
    LeastExpected,
    /// The same, among those seen last by visitors from other regions.
    OtherRegion,
    /// Its last holder has been quiet the longest.
    LongestIdle,
    /// It was cooling; no rested one was there.
    Cooling,
    /// Its holder never gave a second sign of life.
    Unconfirmed,
    /// Its holder was passive past the guaranteed time.
    Demoted,
    /// All were in use; it was granted longest ago.
    Oldest,
    /// All were in use; it had the fewest calls to be expected.
    LeastActive,
}

impl Ground {
    /// The ground in English.
    pub const fn en(self) -> &'static str {
        match self {
            Self::Own => "it was the visitor's own number",
            Self::Fresh => "nobody has had this number before",
            Self::LeastExpected => "its past visitors are the least likely to call now",
            Self::OtherRegion => "its past visitors are unlikely to call and from other regions",
            Self::LongestIdle => "its last visitor has been quiet the longest",
            Self::Cooling => "still resting, but no rested number was left",
            Self::Unconfirmed => "its visitor never gave a second sign of life",
            Self::Demoted => "its visitor was passive past the guaranteed time",
            Self::Oldest => "every number was in use; this one was given out longest ago",
            Self::LeastActive => {
                "every number was in use; its visitors are the least likely to call"
            }
        }
    }

    /// The ground in Russian.
    pub const fn ru(self) -> &'static str {
        match self {
            Self::Own => "это номер самого посетителя",
            Self::Fresh => "этот номер ещё никому не показывали",
            Self::LeastExpected => "от прежних посетителей номера звонок сейчас наименее вероятен",
            Self::OtherRegion => "прежние посетители вряд ли позвонят и они из других регионов",
            Self::LongestIdle => "последний посетитель номера дольше всех бездействует",
            Self::Cooling => "номер ещё отдыхал, но отдохнувших не осталось",
            Self::Unconfirmed => "посетитель номера больше не подал признаков жизни",
            Self::Demoted => "посетитель номера бездействовал дольше гарантированного времени",
            Self::Oldest => "все номера заняты; этот выдан раньше всех",
            Self::LeastActive => "все номера заняты; звонок от посетителей этого наименее вероятен",
        }
    }
}

/// What a snapshot begins and ends with.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SnapshotHead {
    /// The configuration in force.
    pub config: PoolConfig,
    /// What was learnt of delays.
    pub delay: DelayCounts,
    /// What the model in force was made from.
    pub learnt_from: DelayCounts,
    /// Calls counted since.
    pub calls_unlearnt: u32,
    /// When old counts were last made to weigh less; zero is never.
    #[cfg_attr(feature = "serde", serde(default))]
    pub faded_at: UnixMillis,
    /// What was learnt of callers' regions.
    #[cfg_attr(feature = "serde", serde(default))]
    pub regions: crate::attribution::RegionModel,
    /// The hours counted for sizing.
    pub hours: Vec<super::tally::Hour>,
    /// The latest generation of a number that went. Told with the first part; what went later is
    /// told by the rows between.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub gone: Option<u32>,
    /// Numbers that the configuration does not have: they get their places with the others.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Vec::is_empty")
    )]
    pub draining: Vec<E164>,
}

#[cfg(feature = "serde")]
#[cfg_attr(
    target_pointer_width = "64",
    expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde asks with a reference"
    )
)]
const fn is_zero(row: &u64) -> bool {
    *row == 0
}

/// A 128-bit key as text: JSON numbers do not reach that far.
#[cfg(feature = "serde")]
mod key_text {
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(key: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{key:x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
        crate::text::read(from, "not a key", read)
    }

    /// In two halves: wide arithmetic for every digit is dear in WebAssembly.
    fn read(text: &str) -> Option<u128> {
        let half = |text| u64::from_str_radix(text, 16).ok().map(u128::from);
        match text.len().checked_sub(16) {
            Some(high @ 1..) => Some(half(text.get(..high)?)? << 64 | half(text.get(high..)?)?),
            _ => half(text),
        }
    }
}
