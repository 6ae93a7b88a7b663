//! A made-up history of visits and first calls, drawn from the stated laws with one seed.
//!
//! Not a model of any real site: an open, repeatable yardstick. Times are milliseconds from the
//! start of the history. Invariants: a visitor's bursts of activity do not overlap; he calls at
//! most once in a visit, after his last activity; events come in order of time, and of two at one
//! instant activity comes before tap, its end, close and call, in that order.

use crate::law::{FlashCount, Law};
use crate::random::Random;

/// Milliseconds in a day.
pub const DAY_MS: u64 = 86_400_000;

/// Cumulative shares of advertising sources, in per cent: only the rule with a pool for every
/// source looks at them.
pub const SOURCES: [f64; 5] = [40.0, 65.0, 80.0, 92.0, 100.0];

/// A first call: the truth that a rule has to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstCall {
    /// When the telephone rings.
    pub at_ms: u64,
    /// Region of the caller's number.
    pub region: u8,
}

/// One visit, with what can be seen of it and what comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Who visits; several visits may share one.
    pub visitor: u32,
    /// Bursts of activity, from and to, in order; never empty.
    pub bursts: Vec<(u64, u64)>,
    /// When the tab closes.
    pub closed_ms: u64,
    /// Whether the device is a mobile one.
    pub mobile: bool,
    /// Whether intent to get in touch was shown and can be seen.
    pub intent: bool,
    /// Region the visit comes from.
    pub region: u8,
    /// The advertising source it comes from.
    pub source: u8,
    /// A tap on the number that was reported.
    pub tap_ms: Option<u64>,
    /// The call that follows.
    pub call: Option<FirstCall>,
}

impl Visit {
    /// The last moment of activity.
    pub fn last_activity_ms(&self) -> u64 {
        self.bursts.last().map_or(0, |burst| burst.1)
    }

    /// Seconds of activity in the first `bursts` bursts.
    pub fn active_ms(&self, bursts: usize) -> u64 {
        self.bursts
            .iter()
            .take(bursts)
            .map(|(from, to)| to - from)
            .sum()
    }
}

/// What happens to a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The numbered burst of activity starts.
    Start(u16),
    /// A tap on the number is reported.
    Tap,
    /// The numbered burst of activity ends; its last moment is the last activity.
    End(u16),
    /// The tab closes.
    Close,
    /// The visitor calls the number he saw last.
    Call,
}

/// One event of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// When, from the start of the history.
    pub at_ms: u64,
    /// What.
    pub kind: Kind,
    /// Index of the visit.
    pub visit: u32,
}

/// A history.
#[derive(Clone, Debug)]
pub struct Workload {
    /// All visits in order of arrival.
    pub visits: Vec<Visit>,
    /// Everything that happens, in order.
    pub events: Vec<Event>,
    /// Length of the history; nothing arrives later, and nothing later is in `events`.
    pub end_ms: u64,
}

impl Workload {
    /// Draws `days` of history by `law` with `seed`.
    pub fn draw(law: &Law, days: u64, seed: u64) -> Self {
        let end_ms = days * DAY_MS;
        let mut random = Random::new(seed);
        let weights = law.region_weights();
        let mut visits: Vec<Visit> = Vec::new();
        for at_ms in arrivals(law, end_ms, &mut random) {
            let earlier = earlier_visitor(law, &visits, at_ms, &mut random);
            let mut visit = draw_visit(law, &weights, at_ms, earlier, &mut random);
            if earlier.is_none() {
                visit.visitor = visits.len() as u32;
            }
            visits.push(visit);
        }
        Self::of_visits(visits, end_ms)
    }

    /// The history that `visits` make up to `end_ms`.
    pub fn of_visits(visits: Vec<Visit>, end_ms: u64) -> Self {
        let mut events = Vec::with_capacity(visits.len() * 5);
        for (index, visit) in visits.iter().enumerate() {
            push_events(index as u32, visit, end_ms, &mut events);
        }
        events.sort_unstable();
        Self {
            visits,
            events,
            end_ms,
        }
    }

    /// Mean visits a second.
    pub fn rate(&self) -> f64 {
        self.visits.len() as f64 / (self.end_ms as f64 / 1000.0)
    }
}

fn push_events(visit: u32, of: &Visit, end_ms: u64, events: &mut Vec<Event>) {
    let mut push = |at_ms: u64, kind| {
        if at_ms < end_ms {
            events.push(Event { at_ms, kind, visit });
        }
    };
    for (place, (from, to)) in of.bursts.iter().enumerate() {
        push(*from, Kind::Start(place as u16));
        push(*to, Kind::End(place as u16));
    }
    push(of.closed_ms, Kind::Close);
    if let Some(at_ms) = of.tap_ms {
        push(at_ms, Kind::Tap);
    }
    if let Some(call) = of.call {
        push(call.at_ms, Kind::Call);
    }
}

/// Instants of arrival: a Poisson process with a daily profile and flash bursts, by thinning.
fn arrivals(law: &Law, end_ms: u64, random: &mut Random) -> Vec<u64> {
    let end_s = end_ms as f64 / 1000.0;
    let mean = law.plain_rate();
    let days = end_ms.div_ceil(DAY_MS);
    let mut flashes = Vec::new();
    for day in 0..days {
        let count = match law.flash_count {
            FlashCount::Exactly => law.flashes_per_day as usize,
            FlashCount::OnAverage => poisson(f64::from(law.flashes_per_day), random),
        };
        for _ in 0..count {
            flashes.push((day as f64 + random.unit()) * 86_400.0);
        }
    }
    let mut times = plain_arrivals(law, mean, end_s, random);
    for flash in flashes {
        // The visits of one flash: a Poisson number, each after an exponential time.
        let count = poisson(law.flash_height * mean * law.flash_decay_s, random);
        for _ in 0..count {
            let at = flash + random.exponential(law.flash_decay_s);
            if at < end_s {
                times.push(at);
            }
        }
    }
    let mut times: Vec<u64> = times.into_iter().map(|at| (at * 1000.0) as u64).collect();
    times.sort_unstable();
    times
}

fn plain_arrivals(law: &Law, mean: f64, end_s: f64, random: &mut Random) -> Vec<f64> {
    let hours_mean = law.profile.iter().sum::<f64>() / 24.0;
    let highest = law.profile.iter().copied().fold(0.0, f64::max);
    let peak = mean * highest / hours_mean;
    let mut times = Vec::new();
    let mut at = random.exponential(1.0 / peak);
    while at < end_s {
        let hour = (at / 3_600.0) as usize % 24;
        if random.chance(law.profile[hour] / highest) {
            times.push(at);
        }
        at += random.exponential(1.0 / peak);
    }
    times
}

/// A Poisson count, by counting exponential steps (means here are at most some thousands).
fn poisson(mean: f64, random: &mut Random) -> usize {
    let mut count = 0;
    let mut sum = random.exponential(1.0);
    while sum < mean {
        count += 1;
        sum += random.exponential(1.0);
    }
    count
}

/// The visit whose visitor comes again at `at_ms`, if this arrival is such a one.
fn earlier_visitor<'a>(
    law: &Law,
    visits: &'a [Visit],
    at_ms: u64,
    random: &mut Random,
) -> Option<&'a Visit> {
    if law.returning <= 0.0 || !random.chance(law.returning) {
        return None;
    }
    let ago_ms = (law.return_after_s.draw(random) * 1000.0) as u64;
    let then_ms = at_ms.checked_sub(ago_ms)?;
    let place = visits.partition_point(|visit| visit.bursts[0].0 <= then_ms);
    let visit = visits.get(place.checked_sub(1)?)?;
    // A visitor who has called, or is still here, is no new first call.
    (visit.closed_ms < at_ms && visit.call.is_none()).then_some(visit)
}

fn draw_visit(
    law: &Law,
    weights: &[f64],
    at_ms: u64,
    earlier: Option<&Visit>,
    random: &mut Random,
) -> Visit {
    let bounce = random.chance(law.bounce);
    let intent = !bounce && random.chance(law.intent);
    let drawn_mobile = random.chance(law.mobile);
    let drawn_region = random.index(weights) as u8;
    let (visitor, mobile, region) = earlier.map_or((0, drawn_mobile, drawn_region), |earlier| {
        (earlier.visitor, earlier.mobile, earlier.region)
    });
    let bursts = draw_bursts(law, at_ms, bounce, random);
    let last_ms = bursts.last().map_or(at_ms, |burst| burst.1);
    let left_open = random.chance(law.tab_left_open[usize::from(!bounce)]);
    let open_ms = if left_open {
        (law.tab_open_s.draw(random).min(law.tab_cap_s) * 1000.0) as u64
    } else {
        0
    };
    let call_share = match (bounce, intent) {
        (true, _) => law.calls_bounce,
        (false, true) => law.calls_intent,
        (false, false) => law.calls_engaged,
    };
    let (call, by_tap) = if random.chance(call_share) {
        draw_call(law, weights, last_ms, mobile, region, random)
    } else {
        (None, mobile && random.chance(law.idle_tap))
    };
    let tap_ms = (by_tap && random.chance(law.tap_arrives)).then_some(last_ms);
    let closed_ms = last_ms + open_ms;
    let intent = intent && law.intent_seen;
    let source = random.index(&SOURCES) as u8;
    Visit {
        visitor,
        bursts,
        closed_ms,
        mobile,
        intent,
        region,
        source,
        tap_ms,
        call,
    }
}

fn draw_bursts(law: &Law, at_ms: u64, bounce: bool, random: &mut Random) -> Vec<(u64, u64)> {
    let millis = |seconds: f64| (seconds * 1000.0) as u64;
    if bounce {
        return vec![(at_ms, at_ms + millis(law.bounce_active_s.draw(random)))];
    }
    let count = 1 + random.geometric(law.another_burst);
    let mut bursts = Vec::with_capacity(count);
    let mut from = at_ms;
    for _ in 0..count {
        let to = from + millis(law.burst_s.draw(random));
        bursts.push((from, to));
        from = to + millis(law.gap_floor_s + law.gap_s.draw(random));
    }
    bursts
}

/// The call and whether it comes by a tap.
fn draw_call(
    law: &Law,
    weights: &[f64],
    last_ms: u64,
    mobile: bool,
    region: u8,
    random: &mut Random,
) -> (Option<FirstCall>, bool) {
    let parts = &law.delay[usize::from(mobile)];
    let mut point = random.unit();
    let mut chosen = &parts[parts.len() - 1];
    for part in parts {
        if point < part.share {
            chosen = part;
            break;
        }
        point -= part.share;
    }
    let delay_s = chosen.delay_s.draw(random) * law.delay_scale;
    let region = if random.chance(law.region_kept) {
        region
    } else {
        random.index(weights) as u8
    };
    let call = FirstCall {
        at_ms: last_ms + (delay_s * 1000.0) as u64,
        region,
    };
    (Some(call), mobile && chosen.in_session)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_as_stated() {
        let law = Law::base(10_000.0);
        let history = Workload::draw(&law, 40, 7);
        let count = history.visits.len() as f64;
        let mean = |of: &dyn Fn(&Visit) -> f64| history.visits.iter().map(of).sum::<f64>() / count;
        let active_s = mean(&|visit| visit.active_ms(usize::MAX) as f64 / 1000.0);
        let open_s = mean(&|visit| (visit.closed_ms - visit.bursts[0].0) as f64 / 1000.0);
        let calls = mean(&|visit| f64::from(u8::from(visit.call.is_some())));
        assert!((active_s - 102.0).abs() < 2.0, "active {active_s} s");
        assert!((open_s - 757.0).abs() < 15.0, "open {open_s} s");
        assert!((calls - 0.026).abs() < 0.001, "calls {calls}");
    }

    #[test]
    fn delays_are_as_stated() {
        let history = Workload::draw(&Law::base(10_000.0), 60, 8);
        let delays: Vec<f64> = history
            .visits
            .iter()
            .filter_map(|visit| Some((visit.call?.at_ms - visit.last_activity_ms()) as f64 / 1e3))
            .collect();
        let within = |limit_s: f64| {
            100.0 * delays.iter().filter(|delay| **delay <= limit_s).count() as f64
                / delays.len() as f64
        };
        for (limit_s, stated) in [
            (20.0, 60.0),
            (900.0, 84.0),
            (3_600.0, 89.0),
            (86_400.0, 97.0),
        ] {
            let found = within(limit_s);
            assert!(
                (found - stated).abs() < 1.5,
                "within {limit_s} s: {found} %"
            );
        }
    }

    #[test]
    fn one_seed_is_one_history() {
        let law = Law::base(1_000.0);
        let [a, b, c] = [5, 5, 6].map(|seed| Workload::draw(&law, 2, seed));
        assert_eq!(a.visits, b.visits);
        assert_ne!(a.visits, c.visits);
    }

    #[test]
    fn the_day_has_its_profile_and_its_flashes() {
        let law = Law::base(10_000.0);
        let history = Workload::draw(&law, 40, 9);
        let mut by_hour = [0.0f64; 24];
        for visit in &history.visits {
            by_hour[(visit.bursts[0].0 % DAY_MS / 3_600_000) as usize] += 1.0 / 40.0;
        }
        let mean = by_hour.iter().sum::<f64>() / 24.0;
        let peak = by_hour.iter().copied().fold(0.0, f64::max);
        assert!(
            (1.6..2.0).contains(&(peak / mean)),
            "peak over mean {}",
            peak / mean
        );
        // Flashes add 4 x 3 x 8 min of mean rate: 6.7 % of a day's visits.
        assert!((mean * 24.0 / 10_000.0 - 1.067).abs() < 0.02);
    }
}
