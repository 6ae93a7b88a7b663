//! The caller's region as evidence: strong for a business with customers everywhere, nearly
//! worthless for a one-city one. Learnt, so that each site has its own strength.

use crate::pool::Region;

/// Regions counted apart; rarer ones are counted together.
pub const REGIONS_MAX: usize = 64;

/// The weight of the default, in calls.
const PRIOR_CALLS: f32 = 20.0;
/// A caller's number is from his visitor's region this often, beyond chance, before a site has
/// calls of its own.
const PRIOR_SAME: f32 = 0.75;
/// The share of a region nothing is known of.
const PRIOR_SHARE: f32 = 0.05;

/// Where callers are from, and how often that is where their visit was from.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default)
)]
pub struct RegionModel {
    /// Calls by caller's region.
    callers: Vec<(Region, f32)>,
    /// Calls whose caller's and visitor's regions are both known.
    both_known: f32,
    /// Of those, from one region.
    same: f32,
}

impl RegionModel {
    /// Learns from a call credited without the help of regions (`weight`: 0 to 1).
    pub fn observe(&mut self, caller: Region, visitor: Region, weight: f32) {
        if !caller.is_known() || weight.is_nan() || weight <= 0.0 {
            return;
        }
        let weight = weight.min(1.0);
        let known = self
            .callers
            .iter()
            .position(|(region, _)| *region == caller);
        match known {
            Some(at) => self.callers[at].1 += weight,
            None if self.callers.len() < REGIONS_MAX => self.callers.push((caller, weight)),
            None => {
                let rarest = self
                    .callers
                    .iter_mut()
                    .min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
                if let Some(rarest) = rarest {
                    *rarest = (caller, weight);
                }
            }
        }
        if visitor.is_known() {
            self.both_known += weight;
            if caller == visitor {
                self.same += weight;
            }
        }
    }

    /// Forgets: multiplies everything by `keep` (0 to 1).
    pub fn fade(&mut self, keep: f32) {
        let keep = keep.clamp(0.0, 1.0);
        for (_, calls) in &mut self.callers {
            *calls *= keep;
        }
        self.both_known *= keep;
        self.same *= keep;
    }

    /// The share of calls from a region.
    pub fn share(&self, region: Region) -> f32 {
        let total: f32 = self.callers.iter().map(|(_, calls)| calls).sum();
        let here = self.callers.iter().find(|(known, _)| *known == region);
        let here = here.map_or(0.0, |(_, calls)| *calls);
        (here + PRIOR_CALLS * PRIOR_SHARE) / (total + PRIOR_CALLS)
    }

    /// The shares of all regions that calls came from.
    pub(crate) fn shares(&self) -> impl Iterator<Item = (Region, f32)> {
        let total: f32 = self.callers.iter().map(|(_, calls)| calls).sum();
        let share = move |calls: f32| (calls + PRIOR_CALLS * PRIOR_SHARE) / (total + PRIOR_CALLS);
        self.callers
            .iter()
            .map(move |(region, calls)| (*region, share(*calls)))
    }

    /// How often, beyond chance, a caller's number is from his visitor's region.
    pub fn same_share(&self) -> f32 {
        let chance = self.chance();
        let beyond = (self.same - chance * self.both_known) / (1.0 - chance).max(0.05);
        let share = (beyond + PRIOR_CALLS * PRIOR_SAME) / (self.both_known + PRIOR_CALLS);
        share.clamp(0.0, 0.98)
    }

    /// How often two callers are from one region.
    fn chance(&self) -> f32 {
        self.callers
            .iter()
            .map(|(region, _)| self.share(*region).powi(2))
            .sum::<f32>()
            .min(1.0)
    }

    /// The probability of a call's region, given the visitor's. Unknown regions tell nothing.
    pub fn likelihood(&self, caller: Region, visitor: Region) -> f32 {
        self.fit(caller).likelihood(visitor)
    }

    /// The same for one call and many visitors.
    pub fn fit(&self, caller: Region) -> RegionFit {
        RegionFit {
            caller,
            by_chance: self.share(caller),
            same: self.same_share(),
        }
    }

    /// Bytes on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.callers.capacity() * size_of::<(Region, f32)>()
    }

    /// Whether colouring numbers by region pays: callers come from several regions, and their
    /// numbers tell which. Says no until 50 calls of the site say yes.
    pub fn colouring_pays(&self) -> bool {
        self.both_known >= 50.0 && self.chance() < 0.5 && self.same_share() > 0.4
    }
}

/// How well the region of one call fits visitors.
#[derive(Clone, Copy, Debug)]
pub struct RegionFit {
    caller: Region,
    by_chance: f32,
    same: f32,
}

impl RegionFit {
    /// A call of which no region is known, or whose region is left out of account.
    pub const NONE: Self = Self {
        caller: Region(0),
        by_chance: 1.0,
        same: 0.0,
    };

    /// The probability of the call's region, given the visitor's.
    pub fn likelihood(&self, visitor: Region) -> f32 {
        if !self.caller.is_known() {
            return 1.0;
        }
        if !visitor.is_known() {
            return self.by_chance;
        }
        let stray = (1.0 - self.same) * self.by_chance;
        if self.caller == visitor {
            self.same + stray
        } else {
            stray
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_national_business_learns_that_regions_tell() {
        let mut model = RegionModel::default();
        for n in 0..400u32 {
            let visitor = Region(1 + n % 20);
            let caller = if n % 5 == 0 {
                Region(1 + n / 5 % 20)
            } else {
                visitor
            };
            model.observe(caller, visitor, 1.0);
        }
        assert!(model.colouring_pays());
        assert!((0.7..0.9).contains(&model.same_share()));
        let fit = |visitor| model.likelihood(Region(3), Region(visitor));
        assert!(fit(3) > 30.0 * fit(4));
    }

    #[test]
    fn a_one_city_business_learns_that_they_do_not() {
        let mut model = RegionModel::default();
        for n in 0..400u32 {
            let visitor = if n % 25 == 0 { Region(2) } else { Region(1) };
            model.observe(Region(1), visitor, 1.0);
        }
        assert!(!model.colouring_pays());
        let fit = |visitor| model.likelihood(Region(1), Region(visitor));
        assert!(fit(1) < 4.0 * fit(2));
    }

    #[test]
    fn many_regions_stay_bounded() {
        let mut model = RegionModel::default();
        for n in 1..10_000u32 {
            model.observe(Region(n), Region(n), 1.0);
        }
        assert_eq!(model.callers.len(), REGIONS_MAX);
    }
}
