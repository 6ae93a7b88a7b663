//! How many numbers a pool needs: Erlang's formula for the rules that hold a number for a time, the
//! law of call delays for the rule of this project.
//!
//! What is here: coverage and required numbers of a fixed hold; accuracy and required numbers of a
//! soft hold; the recommendation a pool earns from its own counters; the decision that keeps an
//! accuracy by adding and returning numbers. What is not here: buying numbers, counters, texts of
//! whole pages. All pure functions of their arguments.
//!
//! Reckoned from arrivals, activity and the delays of calls alone. Not from how often numbers are
//! re-used nor from snapshots of who holds which: those depend on the pool's size itself.
//!
//! Limits: hours are taken as steady, so a flash inside an hour is smoothed; below the numbers that
//! active visitors occupy the accuracy is told too low, never too high.

mod assumed;
mod learnt;

use assumed::ASSUMED;

/// Busiest hour over the mean hour, as UIS's one public figure implies: 10,000 visits a day held
/// for 5 minutes are 34.7 at once on average, 52 in an hour 1.5 times as busy, and 72 numbers
/// refuse 0.16 % of them.
pub const BUSY_HOUR_FACTOR: f64 = 1.5;

/// Coverage that is called whole: of 500 visitors at most one is refused.
pub const FULL_COVERAGE: f64 = 0.998;

/// Active minutes a pool must have seen before it earns a recommendation (Ringostat's figure).
pub const ENOUGH_ACTIVE_MINUTES: f64 = 100.0;

/// Hours of counters that a recommendation is made of: two weeks (Ringostat's and Mango's figure).
pub const OBSERVED_HOURS: usize = 14 * 24;

/// A number from the shared stock goes back after so long without a call and without being shown
/// (Mango's rule): whoever saw it reaches the company for at least that time.
pub const RETURN_AFTER_MS: u64 = 14 * 86_400_000;

/// The most numbers any function here asks for.
pub const MOST_NUMBERS: u32 = 1_000_000;

/// Share of arrivals refused by `numbers` servers under `load` erlang (Erlang B).
///
/// For Poisson arrivals it depends on the holding time through its mean alone.
pub fn erlang_b(load: f64, numbers: u32) -> f64 {
    // A pool of nothing refuses everybody; no load is never refused.
    if load <= 0.0 {
        return if numbers == 0 { 1.0 } else { 0.0 };
    }
    (1..=numbers).fold(1.0, |blocked, servers| {
        let offered = load * blocked;
        offered / (f64::from(servers) + offered)
    })
}

/// Share of visitors who get a number of their own in the busy hour when every visit holds its
/// number for `hold_s` seconds, as UIS's `get.estimated_coverage` tells.
///
/// `numbers` counts the reserve number too, as there: one of them is never given out.
pub fn coverage(visits_per_day: f64, hold_s: f64, numbers: u32) -> f64 {
    let load = busy_load(visits_per_day, hold_s);
    1.0 - erlang_b(load, numbers.saturating_sub(1))
}

/// The least numbers, the reserve number among them, whose [`coverage`] reaches `share`.
///
/// A `share` above [`FULL_COVERAGE`] is read as that: no finite pool covers everybody.
pub fn numbers_for_coverage(visits_per_day: f64, hold_s: f64, share: f64) -> u32 {
    let load = busy_load(visits_per_day, hold_s);
    let refused = 1.0 - share.clamp(0.0, FULL_COVERAGE);
    if load <= 0.0 {
        return 1;
    }
    let mut blocked = 1.0;
    let mut servers = 0;
    while blocked > refused && servers < MOST_NUMBERS {
        servers += 1;
        let offered = load * blocked;
        blocked = offered / (f64::from(servers) + offered);
    }
    servers + 1
}

fn busy_load(visits_per_day: f64, hold_s: f64) -> f64 {
    let per_second = visits_per_day.max(0.0) / 86_400.0;
    per_second * hold_s.max(0.0) * BUSY_HOUR_FACTOR
}

/// What time of holding buys: the share of calls that find their visit still on its number, when
/// every visit's number rests for so many seconds on average and the time is spent where callers
/// are likeliest.
///
/// Invariant: points ascend in both, the slope never rises, the last share is 1.
#[derive(Clone, Debug, PartialEq)]
pub struct HoldCurve {
    points: Vec<(f64, f64)>,
}

impl HoldCurve {
    /// The curve of the assumed law of delays (docs/concepts/pools.md), classes by device,
    /// engagement, intent and tab; counted on eight million visits of the open workload.
    pub fn assumed() -> Self {
        Self {
            points: ASSUMED.to_vec(),
        }
    }

    /// The curve of a sample of `visits`: for every class and age of visitor the seconds that
    /// visitors spent there and the calls they made from there. Cells are taken by falling rate.
    ///
    /// The assumed curve if the sample holds no call.
    pub fn from_cells(visits: f64, cells: impl Iterator<Item = (f64, f64)>) -> Self {
        let cells: Vec<(f64, f64)> = cells
            .filter(|(seconds, _)| seconds.is_finite() && *seconds > 0.0)
            .collect();
        Self::by_falling_rate(visits, 0.0, cells)
    }

    /// The same, where `at_once` calls more need no rest at all.
    fn by_falling_rate(visits: f64, at_once: f64, mut cells: Vec<(f64, f64)>) -> Self {
        let calls = at_once + cells.iter().map(|(_, calls)| calls).sum::<f64>();
        if calls <= 0.0 || visits <= 0.0 {
            return Self::assumed();
        }
        cells.sort_by(|(a_seconds, a_calls), (b_seconds, b_calls)| {
            (b_calls / b_seconds).total_cmp(&(a_calls / a_seconds))
        });
        let mut at = (0.0, at_once / calls);
        let mut points = vec![at];
        for (seconds, made) in cells {
            at = (at.0 + seconds / visits, at.1 + made / calls);
            points.push(at);
        }
        Self { points }
    }

    /// The curve of callers who take `factor` times as long to call: every rest must last that much
    /// longer to buy the same share. The slow-caller case beside every claim is `slowed(3.0)`.
    pub fn slowed(&self, factor: f64) -> Self {
        let points = self.points.iter();
        Self {
            points: points
                .map(|(seconds, share)| (seconds * factor, *share))
                .collect(),
        }
    }

    /// The points, for reports: seconds a visit, share of calls.
    pub fn points(&self) -> &[(f64, f64)] {
        &self.points
    }

    /// Share of calls that `seconds` of rest a visit buy.
    pub fn share(&self, seconds: f64) -> f64 {
        let after = self.points.partition_point(|point| point.0 < seconds);
        match (
            self.points.get(after.wrapping_sub(1)),
            self.points.get(after),
        ) {
            (Some(a), Some(b)) => a.1 + (b.1 - a.1) * (seconds - a.0) / (b.0 - a.0),
            (None, Some(first)) => first.1,
            (Some(last), None) => last.1,
            (None, None) => 0.0,
        }
    }
}

/// One hour of a pool's traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HourOfTraffic {
    /// Visits that asked for a number.
    pub visits: f64,
    /// Seconds of activity of all of them together.
    pub active_s: f64,
}

/// A day by the clock: [`HourOfTraffic`] of a site of `visits_per_day` with `active_s` seconds of
/// activity a visit and a busiest hour of `busy_hour_factor` times the mean.
pub fn assumed_day(
    visits_per_day: f64,
    active_s: f64,
    busy_hour_factor: f64,
) -> Vec<HourOfTraffic> {
    let wave = (busy_hour_factor - 1.0).clamp(0.0, 1.0);
    (0..24u32)
        .map(|hour| {
            let phase = core::f64::consts::TAU * f64::from(hour) / 24.0;
            let visits = visits_per_day.max(0.0) / 24.0 * (1.0 + wave * phase.cos());
            HourOfTraffic {
                visits,
                active_s: visits * active_s.max(0.0),
            }
        })
        .collect()
}

/// Share of calls credited to the right visit when `numbers` serve `hours` of traffic under the
/// rule of least expected calls (N = λ·E\[active\] + λ·rest, hour by hour, weighed by visits).
pub fn accuracy(curve: &HoldCurve, hours: &[HourOfTraffic], numbers: u32) -> f64 {
    let mut visits = 0.0;
    let mut right = 0.0;
    for hour in hours.iter().filter(|hour| hour.visits > 0.0) {
        // Erlang occupied by visitors who look at their number now; the rest may rest.
        let active = hour.active_s / 3_600.0;
        let resting = (f64::from(numbers) - active).max(0.0);
        visits += hour.visits;
        right += hour.visits * curve.share(resting * 3_600.0 / hour.visits);
    }
    if visits > 0.0 { right / visits } else { 1.0 }
}

/// The least numbers whose [`accuracy`] reaches `share`, which is read as 0.50 to 0.99: an owner
/// who wants less needs no call tracking, and no finite pool gives more.
pub fn required(curve: &HoldCurve, hours: &[HourOfTraffic], share: f64) -> u32 {
    let share = share.clamp(0.50, 0.99);
    let mut range = 1..MOST_NUMBERS;
    while range.start < range.end {
        let middle = range.start + (range.end - range.start) / 2;
        if accuracy(curve, hours, middle) >= share {
            range.end = middle;
        } else {
            range.start = middle + 1;
        }
    }
    range.start
}

/// Whether a pool's numbers suffice, at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Colour {
    /// Too little traffic seen to tell.
    Grey,
    /// The wanted accuracy is reached.
    Green,
    /// At most five points short of it.
    Yellow,
    /// More than five points short.
    Red,
}

/// What a pool earned from its own counters.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Recommendation {
    /// Numbers the pool has.
    pub have: u32,
    /// Numbers the wanted accuracy needs; as many as it has while the colour is grey.
    pub need: u32,
    /// Accuracy to expect with what it has, 0 to 1; 0 while the colour is grey.
    pub accuracy: f64,
    /// Accuracy wanted, 0 to 1.
    pub wanted: f64,
    /// Most visitors active at once, by the busiest hour, in erlang.
    pub peak_active: f64,
    /// The colour.
    pub colour: Colour,
}

/// Recommends from the last [`OBSERVED_HOURS`] of a pool's `hours` (older ones first; fewer are
/// fine, more are left out). Grey until [`ENOUGH_ACTIVE_MINUTES`] were seen. `wanted` is read as
/// [`required`] reads it.
pub fn recommend(
    curve: &HoldCurve,
    hours: &[HourOfTraffic],
    have: u32,
    wanted: f64,
) -> Recommendation {
    let wanted = wanted.clamp(0.50, 0.99);
    let hours = &hours[hours.len().saturating_sub(OBSERVED_HOURS)..];
    let active_s: f64 = hours.iter().map(|hour| hour.active_s).sum();
    let peak_active = hours
        .iter()
        .map(|hour| hour.active_s / 3_600.0)
        .fold(0.0, f64::max);
    if active_s < ENOUGH_ACTIVE_MINUTES * 60.0 {
        let colour = Colour::Grey;
        return Recommendation {
            have,
            need: have,
            accuracy: 0.0,
            wanted,
            peak_active,
            colour,
        };
    }
    let accuracy = accuracy(curve, hours, have);
    let colour = match wanted - accuracy {
        short if short <= 0.0 => Colour::Green,
        short if short <= 0.05 => Colour::Yellow,
        _ => Colour::Red,
    };
    let need = required(curve, hours, wanted);
    Recommendation {
        have,
        need,
        accuracy,
        wanted,
        peak_active,
        colour,
    }
}

/// A language that sentences are made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Russian.
    Russian,
}

impl Recommendation {
    /// One sentence for the owner; `place` names the pool or its region.
    pub fn sentence(&self, place: &str, language: Language) -> String {
        let percent = |share: f64| (share * 100.0).round();
        let (now, wanted) = (percent(self.accuracy), percent(self.wanted));
        let (more, spare) = (
            self.need.saturating_sub(self.have),
            self.have.saturating_sub(self.need),
        );
        match (language, self.colour) {
            (Language::English, Colour::Grey) => {
                format!("{place}: too little traffic yet to recommend a number of numbers.")
            }
            (Language::Russian, Colour::Grey) => {
                format!("{place}: пока мало посещений, чтобы советовать число номеров.")
            }
            (Language::English, Colour::Green) if spare == 0 => {
                format!("{place}: the numbers suffice, {now} % of calls find their visit.")
            }
            (Language::Russian, Colour::Green) if spare == 0 => {
                format!("{place}: номеров достаточно, {now} % звонков находят свой визит.")
            }
            (Language::English, Colour::Green) => format!(
                "{place}: {wanted} % of calls find their visit with {} fewer.",
                counted(spare, language)
            ),
            (Language::Russian, Colour::Green) => format!(
                "{place}: {wanted} % звонков найдут свой визит, даже если убрать {}.",
                counted(spare, language)
            ),
            (Language::English, _) => format!(
                "Add {} in {place}: {now} % of calls find their visit now, {wanted} % are wanted.",
                counted(more, language)
            ),
            (Language::Russian, _) => format!(
                "Добавьте {} ({place}): сейчас свой визит находят {now} % звонков, \
                 нужно {wanted} %.",
                counted(more, language)
            ),
        }
    }
}

/// `count` numbers in words: "1 number", "7 numbers", "1 номер", "2 номера", "5 номеров".
pub fn counted(count: u32, language: Language) -> String {
    let noun = match language {
        Language::English if count == 1 => "number",
        Language::English => "numbers",
        Language::Russian => match (count % 10, count % 100) {
            (_, 11..=14) => "номеров",
            (1, _) => "номер",
            (2..=4, _) => "номера",
            _ => "номеров",
        },
    };
    format!("{count} {noun}")
}

/// A number of a pool, as the keeping of accuracy sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptNumber {
    /// Whether it came from the shared stock and may go back.
    pub shared: bool,
    /// When it came to the pool, Unix milliseconds.
    pub since_ms: u64,
    /// When it was last shown to a visitor.
    pub shown_ms: Option<u64>,
    /// When it was last called.
    pub called_ms: Option<u64>,
}

/// What to do so that a pool keeps its accuracy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeepStep {
    /// Numbers to take from the shared stock.
    pub take: u32,
    /// Places of the numbers to give back to it.
    pub give_back: Vec<usize>,
    /// Numbers the owner is asked to add, the stock being empty.
    pub ask: u32,
}

/// Decides how a pool keeps its accuracy: takes from the `stock` of shared numbers what is short,
/// asks the owner for the rest, and gives back numbers it has beyond need that were neither shown
/// nor called for [`RETURN_AFTER_MS`]. Numbers of the owner's own never leave.
///
/// Nothing is done while the recommendation is grey.
pub fn keep_accuracy(
    advice: &Recommendation,
    numbers: &[KeptNumber],
    stock: u32,
    now_ms: u64,
) -> KeepStep {
    if advice.colour == Colour::Grey {
        return KeepStep::default();
    }
    let have = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    let short = advice.need.saturating_sub(have);
    let take = short.min(stock);
    let mut unused: Vec<(u64, usize)> = numbers
        .iter()
        .enumerate()
        .filter(|(_, number)| number.shared)
        .map(|(place, number)| {
            let used = [Some(number.since_ms), number.shown_ms, number.called_ms];
            (used.into_iter().flatten().max().unwrap_or_default(), place)
        })
        .filter(|(used_ms, _)| now_ms.saturating_sub(*used_ms) >= RETURN_AFTER_MS)
        .collect();
    // The longest unused go first.
    unused.sort_unstable();
    let spare = have.saturating_sub(advice.need) as usize;
    let give_back = unused
        .into_iter()
        .take(spare)
        .map(|(_, place)| place)
        .collect();
    KeepStep {
        take,
        give_back,
        ask: short - take,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn erlang_is_as_in_the_tables() {
        // Load 210.6 erlang: the flat-Poisson table of docs/concepts/pools.md.
        let table = [
            (100, 52.93),
            (140, 34.39),
            (160, 25.33),
            (180, 16.63),
            (200, 8.76),
            (220, 2.89),
        ];
        for (numbers, percent) in table {
            let found = erlang_b(210.6, numbers) * 100.0;
            assert!((found - percent).abs() < 0.02, "{numbers}: {found}");
        }
        assert_eq!(erlang_b(5.0, 0), 1.0);
        assert_eq!(erlang_b(0.0, 0), 1.0);
        assert_eq!(erlang_b(0.0, 3), 0.0);
    }

    #[test]
    fn the_public_point_of_uis_comes_out() {
        let numbers = numbers_for_coverage(10_000.0, 300.0, 1.0);
        assert!((66..=80).contains(&numbers), "UIS says 73, here {numbers}");
        assert!(coverage(10_000.0, 300.0, 73) > 0.995);
        assert!(coverage(10_000.0, 300.0, numbers) >= FULL_COVERAGE);
        assert!(coverage(10_000.0, 300.0, numbers - 1) < FULL_COVERAGE);
    }

    #[test]
    fn the_assumed_curve_is_a_curve() {
        let curve = HoldCurve::assumed();
        let points = curve.points();
        assert_eq!(points.first(), Some(&(0.0, 0.0)));
        assert_eq!(points.last().map(|point| point.1), Some(1.0));
        let slope = |pair: &[(f64, f64)]| (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0);
        for triple in points.windows(3) {
            assert!(triple[0].0 < triple[1].0 && triple[0].1 < triple[1].1);
            // Counted, so nearly concave: a point may dip by a hundredth.
            assert!(
                slope(&triple[1..]) <= slope(&triple[..2]) * 1.25,
                "{triple:?}"
            );
        }
        // A tenth of a second's slope and the day's end are as the law says: 63 % call at once.
        assert!((curve.share(30.0) - 0.64).abs() < 0.03);
        assert!(curve.share(1e9) == 1.0);
    }

    #[test]
    fn a_pool_of_the_open_workload_is_sized_as_it_simulates() {
        let day = assumed_day(10_667.0, 102.0, 1.8);
        let curve = HoldCurve::assumed();
        // Simulated N85, N90, N95 of this project's rule: see docs/concepts/pools.md.
        for (share, low, high) in [(0.85, 80, 110), (0.90, 180, 240), (0.95, 620, 830)] {
            let numbers = required(&curve, &day, share);
            assert!((low..=high).contains(&numbers), "{share}: {numbers}");
        }
    }

    fn busy(active_s: f64) -> Vec<HourOfTraffic> {
        vec![
            HourOfTraffic {
                visits: active_s / 100.0,
                active_s
            };
            24
        ]
    }

    #[test]
    fn nothing_is_recommended_before_a_hundred_active_minutes() {
        let curve = HoldCurve::assumed();
        let little = recommend(&curve, &busy(240.0), 3, 0.9);
        assert_eq!((little.colour, little.need), (Colour::Grey, 3));
        let enough = recommend(&curve, &busy(250.0), 3, 0.9);
        assert_ne!(enough.colour, Colour::Grey);
        // Hours beyond two weeks do not count.
        let mut hours = busy(1e6);
        hours.extend(vec![HourOfTraffic::default(); OBSERVED_HOURS]);
        assert_eq!(recommend(&curve, &hours, 3, 0.9).colour, Colour::Grey);
    }

    #[test]
    fn colours_follow_the_accuracy_wanted() {
        let curve = HoldCurve::assumed();
        let hours = assumed_day(10_000.0, 102.0, 1.8);
        let need = required(&curve, &hours, 0.9);
        let colour = |have| recommend(&curve, &hours, have, 0.9).colour;
        assert_eq!(colour(need), Colour::Green);
        assert_eq!(colour(need - 1), Colour::Yellow);
        assert_eq!(colour(need / 8), Colour::Red);
    }

    #[test]
    fn sentences() {
        let advice = |have: u32, need: u32, accuracy: f64, colour| Recommendation {
            have,
            need,
            accuracy,
            wanted: 0.9,
            peak_active: 4.0,
            colour,
        };
        let cases = [
            (
                advice(20, 27, 0.83, Colour::Red),
                "Add 7 numbers in Moscow: 83 % of calls find their visit now, 90 % are wanted.",
                "Добавьте 7 номеров (Moscow): сейчас свой визит находят 83 % звонков, нужно 90 %.",
            ),
            (
                advice(20, 21, 0.89, Colour::Yellow),
                "Add 1 number in Moscow: 89 % of calls find their visit now, 90 % are wanted.",
                "Добавьте 1 номер (Moscow): сейчас свой визит находят 89 % звонков, нужно 90 %.",
            ),
            (
                advice(20, 20, 0.9, Colour::Green),
                "Moscow: the numbers suffice, 90 % of calls find their visit.",
                "Moscow: номеров достаточно, 90 % звонков находят свой визит.",
            ),
            (
                advice(22, 20, 0.91, Colour::Green),
                "Moscow: 90 % of calls find their visit with 2 numbers fewer.",
                "Moscow: 90 % звонков найдут свой визит, даже если убрать 2 номера.",
            ),
            (
                advice(3, 3, 0.0, Colour::Grey),
                "Moscow: too little traffic yet to recommend a number of numbers.",
                "Moscow: пока мало посещений, чтобы советовать число номеров.",
            ),
        ];
        for (advice, english, russian) in cases {
            assert_eq!(advice.sentence("Moscow", Language::English), english);
            assert_eq!(advice.sentence("Moscow", Language::Russian), russian);
        }
        let words = [1, 2, 5, 11, 12, 21, 22, 25, 111].map(|n| counted(n, Language::Russian));
        assert_eq!(
            words.join(", "),
            "1 номер, 2 номера, 5 номеров, 11 номеров, 12 номеров, 21 номер, 22 номера, \
             25 номеров, 111 номеров"
        );
    }

    #[test]
    fn keeping_takes_from_the_stock_and_gives_back_what_rested_two_weeks() {
        let day = 86_400_000;
        let now = 100 * day;
        let number = |shared, shown: Option<u64>, called: Option<u64>| KeptNumber {
            shared,
            since_ms: 0,
            shown_ms: shown.map(|ago| now - ago * day),
            called_ms: called.map(|ago| now - ago * day),
        };
        let advice = |need, colour| Recommendation {
            have: 5,
            need,
            accuracy: 0.9,
            wanted: 0.9,
            peak_active: 1.0,
            colour,
        };
        let numbers = [
            number(false, Some(60), None),
            number(true, Some(15), Some(13)),
            number(true, Some(14), Some(20)),
            number(true, Some(30), None),
            number(true, Some(13), None),
        ];
        let step = |need, colour, stock| keep_accuracy(&advice(need, colour), &numbers, stock, now);
        assert_eq!(
            step(9, Colour::Red, 3),
            KeepStep {
                take: 3,
                give_back: vec![],
                ask: 1
            }
        );
        assert_eq!(
            step(9, Colour::Red, 10),
            KeepStep {
                take: 4,
                give_back: vec![],
                ask: 0
            }
        );
        assert_eq!(
            step(4, Colour::Green, 3),
            KeepStep {
                take: 0,
                give_back: vec![3],
                ask: 0
            }
        );
        assert_eq!(
            step(1, Colour::Green, 3),
            KeepStep {
                take: 0,
                give_back: vec![3, 2],
                ask: 0
            }
        );
        assert_eq!(step(1, Colour::Grey, 3), KeepStep::default());
        assert_eq!(step(5, Colour::Green, 3), KeepStep::default());
    }

    proptest! {
        #[test]
        fn erlang_is_a_probability_and_falls(load in 0.0f64..2_000.0, numbers in 0u32..500) {
            let (here, next) = (erlang_b(load, numbers), erlang_b(load, numbers + 1));
            prop_assert!((0.0..=1.0).contains(&here) && next <= here);
        }

        #[test]
        fn more_numbers_never_tell_less_accuracy(
            visits in 0.0f64..1e6, active_s in 0.0f64..1_000.0, numbers in 0u32..5_000,
        ) {
            let curve = HoldCurve::assumed();
            let day = assumed_day(visits, active_s, 1.8);
            let here = accuracy(&curve, &day, numbers);
            prop_assert!((0.0..=1.0).contains(&here));
            prop_assert!(accuracy(&curve, &day, numbers + 1) >= here);
        }

        #[test]
        fn required_is_the_least(visits in 10.0f64..1e5, percent in 50u32..=99) {
            let curve = HoldCurve::assumed();
            let day = assumed_day(visits, 102.0, 1.5);
            let share = f64::from(percent) / 100.0;
            let numbers = required(&curve, &day, share);
            prop_assert!(accuracy(&curve, &day, numbers) >= share);
            prop_assert!(numbers == 1 || accuracy(&curve, &day, numbers - 1) < share);
        }

        #[test]
        fn a_counted_curve_is_concave(
            cells in proptest::collection::vec((0.0f64..1e6, 0.0f64..1e3), 1..60),
        ) {
            let curve = HoldCurve::from_cells(1_000.0, cells.into_iter());
            for triple in curve.points().windows(3) {
                let slope = |a: (f64, f64), b: (f64, f64)| (b.1 - a.1) / (b.0 - a.0).max(1e-12);
                prop_assert!(triple[0].0 <= triple[1].0 && triple[0].1 <= triple[1].1);
                prop_assert!(
                    slope(triple[1], triple[2]) <= slope(triple[0], triple[1]) * 1.3 + 1e-6
                );
            }
        }
    }
}
