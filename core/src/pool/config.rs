//! What a pool is made of and its times.

use super::policy::Policy;
use crate::delay::DelayCounts;
use crate::phone::E164;
use crate::time::Millis;

/// The region of a visitor, a caller or a number, as a code made from its name; zero is unknown.
///
/// A code instead of a name keeps 100,000 recent holders small, and needs no table that would have
/// to survive an eviction. Two names meet in one code once in four thousand million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct Region(pub u32);

/// The advertising source numbers are tagged with where a pool is split by source; zero is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(transparent)
)]
pub struct Source(pub u32);

impl Region {
    /// The code of a name, letter case and surrounding space aside.
    pub fn of(name: &str) -> Self {
        Self(code_of(name))
    }

    /// Whether the region is known.
    pub const fn is_known(self) -> bool {
        self.0 != 0
    }
}

impl Role {
    #[cfg(feature = "serde")]
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde asks with a reference"
    )]
    const fn is_dynamic(&self) -> bool {
        matches!(self, Self::Dynamic)
    }
}

impl Source {
    #[cfg(feature = "serde")]
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde asks with a reference"
    )]
    const fn is_none(&self) -> bool {
        self.0 == 0
    }

    /// The code of a name, letter case and surrounding space aside.
    pub fn of(name: &str) -> Self {
        Self(code_of(name))
    }
}

/// FNV-1a; empty is zero, and nothing else is.
fn code_of(name: &str) -> u32 {
    let name = name.trim();
    if name.is_empty() {
        return 0;
    }
    let code = name
        .chars()
        .flat_map(char::to_lowercase)
        .fold(0x811c_9dc5_u32, |hash, letter| {
            (hash ^ letter as u32).wrapping_mul(0x0100_0193)
        });
    code.max(1)
}

/// What a number of the pool is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Role {
    /// Lent to visitors.
    #[default]
    Dynamic,
    /// Shown when no other may be lent; never leased.
    Reserve,
    /// Known, not used.
    Disabled,
}

/// A number of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NumberConfig {
    /// The number.
    pub number: E164,
    /// What it is for.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Role::is_dynamic")
    )]
    pub role: Role,
    /// The source it serves, where the pool is split by source.
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Source::is_none")
    )]
    pub source: Source,
}

impl NumberConfig {
    /// A number lent to visitors of any source.
    pub const fn dynamic(number: E164) -> Self {
        Self {
            number,
            role: Role::Dynamic,
            source: Source(0),
        }
    }

    /// A reserve number.
    pub const fn reserve(number: E164) -> Self {
        Self {
            role: Role::Reserve,
            ..Self::dynamic(number)
        }
    }
}

/// Whether cooldown is a rule or a wish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Cooldown {
    /// A cooling number is lent when no rested one is there.
    #[default]
    Preferred,
    /// A cooling number is not lent but to the visitor who had it.
    Required,
}

/// The times of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default)
)]
pub struct Times {
    /// How long after his last activity a visitor's lease stands (150 s, as Roistat's 2.5 min).
    pub hold_ms: Millis,
    /// How long without activity makes a visitor idle; the agent says so when it happens.
    pub idle_release_ms: Millis,
    /// How often an active page sends a sign.
    pub beat_ms: Millis,
    /// An active page not heard of for this long is idle since its last sign.
    pub silence_ms: Millis,
    /// A new visitor's lease without a second sign of life is first in line, after this time, when
    /// no idle number is there.
    pub provisional_ms: Millis,
    /// How long a number rests after its last holder's last activity before another gets it.
    pub cooldown_ms: Millis,
    /// Whether that is a rule.
    pub cooldown: Cooldown,
    /// A tapped number is not taken from its visitor for this long.
    pub tap_pin_ms: Millis,
    /// An open tab never heard of again is closed after this time.
    pub tab_open_ms: Millis,
    /// A call whose end was never reported ends after this time.
    pub call_ms: Millis,
    /// Holders are remembered as candidates this long (UIS: 30 days from session to call).
    pub remember_ms: Millis,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            hold_ms: Millis::from_secs(150),
            idle_release_ms: Millis::from_secs(60),
            beat_ms: Millis::from_secs(60),
            silence_ms: Millis::from_secs(150),
            provisional_ms: Millis::from_secs(10),
            cooldown_ms: Millis(0),
            cooldown: Cooldown::Preferred,
            tap_pin_ms: Millis::from_secs(60),
            tab_open_ms: Millis::from_mins(8 * 60),
            call_ms: Millis::from_mins(4 * 60),
            remember_ms: Millis::from_mins(30 * 24 * 60),
        }
    }
}

/// Colouring by region: prefer a number whose recent holders are from other regions than the
/// newcomer, since a caller's own number tells them apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Colouring {
    /// Regions are left out of account.
    #[default]
    Off,
    /// As soon as the pool's own calls show that it pays
    /// ([`crate::attribution::RegionModel::colouring_pays`]).
    Learnt,
    /// From the first visitor on.
    On,
}

/// Rows written when colouring was a yes or a no are read too.
#[cfg(feature = "serde")]
fn colouring_or_bool<'de, D: serde::Deserializer<'de>>(read: D) -> Result<Colouring, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Told {
        Word(Colouring),
        Bool(bool),
    }
    Ok(match <Told as serde::Deserialize>::deserialize(read)? {
        Told::Word(colouring) => colouring,
        Told::Bool(true) => Colouring::On,
        Told::Bool(false) => Colouring::Off,
    })
}

/// Holders remembered by a pool in all, whatever the number of numbers.
pub const HOLDERS_TOTAL: usize = 100_000;
/// Holders remembered per number, at most and at least.
pub const HOLDERS_PER_NUMBER: (usize, usize) = (4, 128);
/// Numbers of one pool.
pub const NUMBERS_MAX: usize = 10_000;

/// A pool: its numbers, times and rule.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default)
)]
pub struct PoolConfig {
    /// The numbers. The first of two equal ones counts.
    pub numbers: Vec<NumberConfig>,
    /// The times.
    pub times: Times,
    /// The rule.
    pub policy: Policy,
    /// Whether numbers are coloured by region.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "colouring_or_bool"))]
    pub region_colouring: Colouring,
    /// What the site learnt of its callers; none is the default law.
    pub delay: Option<DelayCounts>,
    /// Go on learning from calls credited with [`super::Input::Attributed`].
    pub learn: bool,
    /// Holders remembered per number; zero chooses by [`holders_per_number`].
    pub holders_per_number: usize,
    /// Makes the places of ids in the pool's tables unforeseeable. Not kept, not part of the state.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub hash_seed: u64,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            numbers: Vec::new(),
            times: Times::default(),
            policy: Policy::ringlet(),
            region_colouring: Colouring::Off,
            delay: None,
            learn: true,
            holders_per_number: 0,
            hash_seed: 0,
        }
    }
}

/// How many past holders each of `numbers` remembers: as many as keep the whole within
/// [`HOLDERS_TOTAL`].
pub fn holders_per_number(numbers: usize) -> usize {
    let (least, most) = HOLDERS_PER_NUMBER;
    (HOLDERS_TOTAL / numbers.max(1)).clamp(least, most)
}
