//! Which number a newcomer gets where callers' regions are evidence: the one on which he and its
//! past holders take the fewest calls from each other.
//!
//! Two visitors of one number from different regions are mostly told apart by the caller's number,
//! so a pool can keep a past holder of each region on every number. What a newcomer takes: all
//! calls of a past holder from his own region; of one from elsewhere those made while his own rate
//! is the higher even so. What he gives up: of his own calls those from the region of a past holder
//! who is then the likelier. Both are one integral over the newcomer's age, the sum over callers'
//! regions of the lesser of two rates ([`Pool::taken`]).
//!
//! The exact sum is for a short list only, which a rougher one picks ([`Pool::roughly_taken`]): a
//! grant at 10,000 numbers stays within its time.

use super::message::Facts;
use super::select::{mass_of, tier_of};
use super::{Pool, Region};
use crate::attribution::RegionModel;
use crate::delay::{Class, Engagement, Tab};
use crate::time::Millis;

/// What colouring goes by, as learnt of callers' regions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Colour {
    /// Whether it pays.
    pub(super) pays: bool,
    /// A caller's number comes from his visitor's region this often.
    same: f32,
}

impl Colour {
    pub(super) fn of(regions: &RegionModel) -> Self {
        Self {
            pays: regions.colouring_pays(),
            same: regions.same_share(),
        }
    }
}

/// The part of his calls that a past holder from elsewhere loses while the newcomer is active and
/// just after, when even a call from the past holder's region is rather the newcomer's.
const OUTSHONE: f32 = 0.1;
/// Past holders weighed for a colour: those from rare regions stay the likeliest of their region
/// for a long time.
const COLOURED: usize = 24;
/// Numbers looked at roughly, at most.
const LOOKED_AT: usize = 256;
/// Of them, numbers weighed exactly.
const SHORTLIST: usize = 16;
/// Ages at which a newcomer's rate is compared, and the seconds each stands for. The last stands
/// for what is left of a number's rest, see [`Newcomer::of`].
const AGES_S: [(u64, f32); 4] = [(8, 20.0), (45, 60.0), (300, 500.0), (1_800, 0.0)];
/// The last age stands for at most this many seconds.
const LATE_S_MAX: f32 = 5_400.0;
/// Slots of the table of callers' regions.
const SLOTS: usize = 64;

/// What is to be expected of a newcomer, as far as a choice needs it.
struct Newcomer {
    region: Region,
    /// Seconds that an age stands for, and his calls a second then.
    ages: [(f32, f32); AGES_S.len()],
    /// Shares of callers' regions, by the region's last bits.
    shares: [(Region, f32); SLOTS],
    /// The share of a region that is not in its slot.
    elsewhere: f32,
}

impl Newcomer {
    /// The newcomer of `facts`, where a number rests about `rest` before it is lent again. Who has
    /// just come may be a bounce or not; those who are not make the calls.
    fn of(pool: &Pool, facts: &Facts, rest: Millis) -> Self {
        let class = Class {
            device: facts.device,
            engagement: Engagement::Engaged,
            intent: facts.intent,
            tab: Tab::Closed,
            tapped: false,
        };
        let mut ages = AGES_S.map(|(age_s, seconds)| {
            let hazard = pool.model.hazard(class, Millis::from_secs(age_s));
            (seconds, hazard)
        });
        // The least claim is often a bounce's, whose number rests shorter than others do.
        let rest_s = rest.0 as f32 / 1e3 * 1.4;
        ages[AGES_S.len() - 1].0 = (rest_s - 600.0).clamp(0.0, LATE_S_MAX);
        let mut shares = [(Region(0), 0.0); SLOTS];
        for (region, share) in pool.regions.shares() {
            shares[region.0 as usize % SLOTS] = (region, share);
        }
        Self {
            region: facts.region,
            ages,
            shares,
            elsewhere: pool.regions.share(Region(0)),
        }
    }

    /// The share of callers from `region`. Of regions that fall into one slot the latest has it;
    /// the others count as rare ones.
    fn share(&self, region: Region) -> f32 {
        let (known, share) = self.shares[region.0 as usize % SLOTS];
        if known == region {
            share
        } else {
            self.elsewhere
        }
    }

    /// Calls that go astray where the newcomer's are told from another's, who calls at `rate`,
    /// with probability `told` only.
    fn lesser(&self, rate: f32, told: f32) -> f32 {
        let ages = self.ages.iter();
        ages.map(|(seconds, hazard)| seconds * rate.min(told * hazard))
            .sum()
    }
}

impl Pool {
    /// The number on which a newcomer and its past holders take the fewest calls from each other.
    pub(super) fn coloured(&self, from: usize, to: usize, facts: &Facts) -> Option<usize> {
        let mut short = [(f32::INFINITY, usize::MAX); SHORTLIST];
        let mut first = None;
        let mut looked_at = 0;
        self.claims.ascend(from, to, |at, key| {
            looked_at += 1;
            let (tier, _) = *first.get_or_insert((tier_of(key), at));
            let least_possible = mass_of(key) * (1.0 - self.colour.same + OUTSHONE);
            if tier != tier_of(key) || least_possible >= short[SHORTLIST - 1].0 {
                return false;
            }
            let taken = self.roughly_taken(at, facts.region);
            let place = short.partition_point(|(other, _)| *other <= taken);
            if place < SHORTLIST {
                short.copy_within(place..SHORTLIST - 1, place + 1);
                short[place] = (taken, at);
            }
            looked_at < LOOKED_AT
        });
        let rest = first.and_then(|(_, at)| self.holders.newest(at));
        let rest = rest.map_or(Millis(0), |place| {
            self.now.since(self.holders.hot(place).last_activity)
        });
        let newcomer = Newcomer::of(self, facts, rest);
        let mut best: Option<(f32, usize)> = None;
        for (_, at) in short.iter().take_while(|(_, at)| *at != usize::MAX) {
            let taken = self.taken(*at, &newcomer);
            if best.is_none_or(|(least, _)| taken < least) {
                best = Some((taken, *at));
            }
        }
        best.map(|(_, at)| at)
    }

    /// Calls that a number's holders lose to a newcomer from `region`. One from his region loses
    /// all: of several only the likeliest, who alone can be credited now. One from elsewhere loses
    /// the calls that come from a number of neither's region, and those the newcomer outshines.
    fn roughly_taken(&self, at: usize, region: Region) -> f32 {
        let (mut own, mut other) = (0.0f32, 0.0f32);
        for hot in self.weighed(at, COLOURED) {
            let mass = self.masses.of_index(hot.class, hot.bin(self.now)) * hot.remaining();
            if hot.region.is_known() && hot.region != region {
                other = other.max(mass);
            } else {
                own = own.max(mass);
            }
        }
        let same = self.colour.same;
        same * own + (1.0 - same) * own.max(other) + OUTSHONE * other
    }

    /// Calls that the newcomer and a number's past holders take from each other: over his age and
    /// the regions a call can come from, the lesser of his rate and the likeliest past holder's. A
    /// past holder of unknown region counts as one from the newcomer's.
    fn taken(&self, at: usize, newcomer: &Newcomer) -> f32 {
        // By region, the newcomer's first: calls a second of the likeliest past holder from there.
        let mut seen = [(Region(0), 0.0f32); COLOURED + 1];
        seen[0].0 = newcomer.region;
        let mut count = 1;
        let mut most = 0.0f32;
        let per_s = 1e3 / self.masses.tau().0.max(1) as f32;
        for hot in self.weighed(at, COLOURED) {
            let mass = self.masses.of_index(hot.class, hot.bin(self.now)) * hot.remaining();
            let rate = mass * per_s;
            most = most.max(rate);
            let known = seen[..count].iter().position(|(r, _)| *r == hot.region);
            let place = match known {
                Some(place) => place,
                None if !hot.region.is_known() => 0,
                None => count,
            };
            if place == count {
                seen[place].0 = hot.region;
                count += 1;
            }
            seen[place].1 = seen[place].1.max(rate);
        }
        let same = self.colour.same;
        let (mut taken, mut elsewhere) = (0.0, 1.0);
        for (place, (region, rate)) in seen[..count].iter().enumerate() {
            let share = newcomer.share(*region);
            elsewhere -= share;
            // A call of somebody from another region comes from this one by chance.
            let stray = (1.0 - same) * share;
            let theirs = (rate * (same + stray)).max(most * stray);
            let told = if place == 0 { same + stray } else { stray };
            taken += newcomer.lesser(theirs, told);
        }
        let stray = (1.0 - same) * elsewhere.max(0.0);
        taken + newcomer.lesser(most * stray, stray)
    }
}
