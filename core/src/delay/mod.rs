//! The call-delay model: at what rate does a past visitor call now, and how many calls are still to
//! be expected of him within a while?
//!
//! A visitor is described by his [`Class`] (device, engagement, intent, tab, tap) and by the time
//! since his last activity. The *hazard* h(class, t) is the rate of his first call at that age; the
//! *mass* m(class, t, τ) is the expected number of calls within the next τ. Selection gives away
//! the number whose past holders have the least mass; attribution weighs candidates by hazard.
//!
//! What it is not: it knows no numbers, no visits and no clock. It is a table, [`DelayModel`], made
//! from a default law ([`law`]) and from a site's own counts ([`learn`]).
//!
//! Invariants: hazards and masses are finite and not negative, whatever the counts; the table's
//! size is fixed ([`CLASSES`] × [`BINS`] cells), whatever the traffic.

mod class;
#[cfg(feature = "edge")]
mod exchange;
mod explain;
pub mod law;
pub mod learn;

pub use class::{CLASSES, Class, Device, Engagement, Tab};
#[cfg(feature = "edge")]
pub use exchange::{DelayFault, DocumentError};
pub use explain::{Basis, Callers, Quantiles, Sentence};
pub use learn::{CountsChange, DelayCounts};

use crate::time::Millis;
use std::sync::OnceLock;

/// Bins of time since the last activity: one for "active now", one below 1.024 s, then half octaves
/// up to about 49 days.
pub const BINS: usize = 46;

/// The bin of a visitor who is active.
pub const ACTIVE_BIN: usize = 0;

/// The bin of an idle visitor whose last activity was `idle` ago (1 to [`BINS`] − 1).
pub const fn bin_of(idle: Millis) -> usize {
    let quarters = idle.0 >> 9;
    if quarters < 2 {
        return 1;
    }
    // `quarters` counts units of 512 ms: 2 and 3 are the first octave's two halves.
    let octave = 63 - quarters.leading_zeros() as usize;
    let half = (quarters >> (octave - 1)) & 1;
    let bin = 2 * octave + half as usize;
    if bin < BINS { bin } else { BINS - 1 }
}

/// Where an idle bin begins. For [`ACTIVE_BIN`] and the first idle bin that is zero; past the last
/// bin, the end of the table.
pub const fn bin_start(bin: usize) -> Millis {
    if bin < 2 {
        return Millis(0);
    }
    let octave = bin / 2;
    let quarters = (1u64 << octave) + ((bin % 2) as u64) * (1u64 << (octave - 1));
    Millis(quarters << 9)
}

/// Where an idle bin ends.
pub const fn bin_end(bin: usize) -> Millis {
    bin_start(if bin < 1 { 2 } else { bin + 1 })
}

/// Hazards per second by class and bin.
#[derive(Clone, Debug, PartialEq)]
pub struct DelayModel {
    hazard: Vec<[f32; BINS]>,
}

impl Default for DelayModel {
    /// The default table: [`law::default_hazards`].
    fn default() -> Self {
        static DEFAULT: OnceLock<DelayModel> = OnceLock::new();
        let made = DEFAULT.get_or_init(|| Self::from_hazards(law::default_hazards()));
        made.clone()
    }
}

impl DelayModel {
    /// A model from hazards per second, one row per class ([`Class::index`]), one cell per bin.
    /// Cells that are not finite or negative become zero; missing rows are empty.
    pub fn from_hazards(mut hazard: Vec<[f32; BINS]>) -> Self {
        hazard.resize(CLASSES, [0.0; BINS]);
        for cell in hazard.iter_mut().flatten() {
            if !cell.is_finite() || *cell < 0.0 {
                *cell = 0.0;
            }
        }
        Self { hazard }
    }

    /// The default table corrected by a site's own counts: see [`learn`].
    pub fn learnt(counts: &DelayCounts) -> Self {
        Self::default().corrected(counts)
    }

    /// This table corrected by a site's own counts.
    pub fn corrected(&self, counts: &DelayCounts) -> Self {
        learn::learn(self, counts)
    }

    /// The rate of calls per second of one visitor of `class` whose last activity was `idle` ago.
    pub fn hazard(&self, class: Class, idle: Millis) -> f32 {
        self.cell(class, bin_of(idle))
    }

    /// The rate of calls per second of a visitor who is active now.
    pub fn active_hazard(&self, class: Class) -> f32 {
        self.cell(class, ACTIVE_BIN)
    }

    /// The hazard of one cell of the table.
    pub fn cell(&self, class: Class, bin: usize) -> f32 {
        self.hazard[class.index()][bin]
    }

    /// The calls expected of one visitor within `tau`, exactly as the table has them.
    pub fn mass(&self, class: Class, idle: Millis, tau: Millis) -> f32 {
        let row = &self.hazard[class.index()];
        let end = idle.0.saturating_add(tau.0);
        let mut from = idle.0;
        let mut bin = bin_of(idle);
        let mut mass = 0.0;
        while from < end {
            let until = if bin == BINS - 1 {
                end
            } else {
                bin_end(bin).0.min(end)
            };
            mass += row[bin] * (until - from) as f32 / 1000.0;
            from = until;
            bin = (bin + 1).min(BINS - 1);
        }
        mass
    }

    /// The masses within `tau` of every class at every bin's middle: what selection works from.
    pub fn mass_table(&self, tau: Millis) -> MassTable {
        let cell = |class: usize, bin: usize| {
            let class = Class::from_index(class);
            if bin == ACTIVE_BIN {
                // An active visitor may still be idle and call within tau.
                return self.cell(class, ACTIVE_BIN) * tau.0 as f32 / 1000.0
                    + self.mass(class, Millis(0), tau);
            }
            self.mass(class, bin_middle(bin), tau)
        };
        let mut mass = Box::new([0.0; CELLS]);
        for class in 0..CLASSES {
            for bin in 0..BINS {
                mass[place(class as u8, bin)] = cell(class, bin);
            }
        }
        MassTable { tau, mass }
    }
}

/// The geometric middle of an idle bin.
fn bin_middle(bin: usize) -> Millis {
    if bin <= 1 {
        return Millis(512);
    }
    let (start, end) = (bin_start(bin).0 as f64, bin_end(bin).0 as f64);
    Millis((start * end).sqrt() as u64)
}

/// Expected calls within τ by class and bin.
#[derive(Clone, Debug, PartialEq)]
pub struct MassTable {
    tau: Millis,
    /// Rows of 64 cells, so that no class and no bin is out of bounds.
    mass: Box<[f32; CELLS]>,
}

/// Cells of a mass table: classes and bins, each rounded up to 64.
const CELLS: usize = 64 * 64;

#[inline]
const fn place(class: u8, bin: usize) -> usize {
    (class as usize & 63) << 6 | bin & 63
}

impl MassTable {
    /// The τ the table was made for.
    pub fn tau(&self) -> Millis {
        self.tau
    }

    /// The calls expected within τ of one visitor of `class` in `bin`.
    #[inline]
    pub fn get(&self, class: Class, bin: usize) -> f32 {
        self.of_index(class.index() as u8, bin)
    }

    /// The same by [`Class::index`].
    #[inline]
    pub fn of_index(&self, class: u8, bin: usize) -> f32 {
        self.mass[place(class, bin)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bins_tile_time() {
        assert_eq!(bin_of(Millis(0)), 1);
        assert_eq!(bin_of(Millis(1023)), 1);
        assert_eq!(bin_of(Millis(1024)), 2);
        for bin in 1..BINS - 1 {
            assert_eq!(bin_of(bin_end(bin)), bin + 1);
            assert_eq!(bin_of(Millis(bin_end(bin).0 - 1)), bin);
            assert_eq!(bin_end(bin), bin_start(bin + 1));
        }
        assert_eq!(bin_of(Millis(u64::MAX)), BINS - 1);
        assert!(bin_start(BINS - 1).0 > 30 * 86_400_000);
    }

    proptest! {
        #[test]
        fn mass_is_additive_and_not_negative(
            class in 0..CLASSES,
            idle in 0u64..10_000_000_000,
            a in 0u64..100_000_000,
            b in 0u64..100_000_000,
        ) {
            let model = DelayModel::default();
            let class = Class::from_index(class);
            let whole = model.mass(class, Millis(idle), Millis(a + b));
            let parts = model.mass(class, Millis(idle), Millis(a))
                + model.mass(class, Millis(idle + a), Millis(b));
            prop_assert!(whole >= 0.0 && whole.is_finite());
            prop_assert!((whole - parts).abs() <= 1e-4 * whole.max(1e-6));
        }

        #[test]
        fn bin_holds_its_instant(idle in 0u64..u64::MAX / 2) {
            let bin = bin_of(Millis(idle));
            prop_assert!(bin_start(bin).0 <= idle);
            prop_assert!(bin == BINS - 1 || idle < bin_end(bin).0);
        }
    }
}
