//! Attribution models: how the credit for one call is shared among the touches that led to it.
//!
//! What is here: the six models a report may be asked for. What is not: whose call it was
//! ([`crate::attribution`]) and what a touch is made of. Invariant: shares are whole parts of a
//! million and sum to exactly a million, so that the rows of a report sum to its total.

use crate::time::{Millis, UnixMillis};

/// The whole credit of one call, in parts.
pub const WHOLE: u32 = 1_000_000;

/// 7 days: a touch this much older counts half, where the report does not say otherwise (the time
/// Google Analytics used for the model of this name).
pub const HALF_LIFE: Millis = Millis::from_mins(7 * 24 * 60);

/// 40 % for the first touch and 40 % for the last, the rest between them: the usual position model.
const END_SHARE: u32 = 400_000;

/// How the credit for a call is shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum CreditModel {
    /// All to the touch that brought the visitor for the first time.
    First,
    /// All to the touch of the visit that called.
    Last,
    /// All to the last touch that was not direct; if all were, to the last (the field's default).
    #[default]
    LastNonDirect,
    /// Equal shares.
    Linear,
    /// Halved with every half-life before the call.
    TimeDecay,
    /// 40 % to the first, 40 % to the last, the rest equally to those between.
    Position,
}

/// What a model must know of a touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditTouch {
    /// When it was.
    pub at: UnixMillis,
    /// From a bookmark or a typed address.
    pub is_direct: bool,
}

impl CreditModel {
    /// Every model, in the order of their description.
    pub const ALL: [Self; 6] = [
        Self::First,
        Self::Last,
        Self::LastNonDirect,
        Self::Linear,
        Self::TimeDecay,
        Self::Position,
    ];

    /// The name in addresses and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Last => "last",
            Self::LastNonDirect => "last_non_direct",
            Self::Linear => "linear",
            Self::TimeDecay => "time_decay",
            Self::Position => "position",
        }
    }

    /// Reads a name as [`CreditModel::as_str`] writes it.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|model| model.as_str() == name)
    }

    /// The parts of each of `touches` (earliest first) in a call at `called_at`; they sum to
    /// [`WHOLE`]. No touches, no parts.
    pub fn shares(self, touches: &[CreditTouch], called_at: UnixMillis) -> Vec<u32> {
        let count = touches.len();
        let Some(last) = count.checked_sub(1) else {
            return vec![];
        };
        let all_to = |chosen: usize| {
            let mut shares = vec![0; count];
            shares[chosen] = WHOLE;
            shares
        };
        match self {
            Self::First => all_to(0),
            Self::Last => all_to(last),
            Self::LastNonDirect => {
                let chosen = touches.iter().rposition(|touch| !touch.is_direct);
                all_to(chosen.unwrap_or(last))
            }
            Self::Linear => divide(&vec![1.0; count], WHOLE),
            Self::TimeDecay => divide(&decay(touches, called_at), WHOLE),
            Self::Position => position(count),
        }
    }
}

fn decay(touches: &[CreditTouch], called_at: UnixMillis) -> Vec<f64> {
    let half_lives = |touch: &CreditTouch| called_at.since(touch.at).0 as f64 / HALF_LIFE.0 as f64;
    // Only ratios matter: count from the youngest, so that very old histories do not vanish.
    let youngest = touches.iter().map(half_lives).fold(f64::INFINITY, f64::min);
    touches
        .iter()
        .map(|touch| (youngest - half_lives(touch)).exp2())
        .collect()
}

fn position(count: usize) -> Vec<u32> {
    match count {
        1 => vec![WHOLE],
        2 => vec![WHOLE / 2; 2],
        _ => {
            let mut shares = vec![END_SHARE];
            shares.extend(divide(&vec![1.0; count - 2], WHOLE - 2 * END_SHARE));
            shares.push(END_SHARE);
            shares
        }
    }
}

/// Divides `whole` by `weights` without loss: what rounding leaves goes to the largest remainders,
/// of equals to the later touch.
fn divide(weights: &[f64], whole: u32) -> Vec<u32> {
    let sum: f64 = weights.iter().sum();
    let exact: Vec<f64> = weights
        .iter()
        .map(|weight| f64::from(whole) * weight / sum)
        .collect();
    let mut shares: Vec<u32> = exact.iter().map(|share| share.floor() as u32).collect();
    let given: u32 = shares.iter().sum();
    let mut order: Vec<usize> = (0..weights.len()).rev().collect();
    order.sort_by(|a, b| exact[*b].fract().total_cmp(&exact[*a].fract()));
    let mut rest = whole.saturating_sub(given);
    for place in order.into_iter().cycle().take(rest as usize) {
        shares[place] += 1;
        rest -= 1;
    }
    debug_assert_eq!(rest, 0, "every part is given to somebody");
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: u64 = 86_400_000;

    fn touches(history: &[(u64, bool)]) -> Vec<CreditTouch> {
        history
            .iter()
            .map(|(day, is_direct)| CreditTouch {
                at: UnixMillis(day * DAY),
                is_direct: *is_direct,
            })
            .collect()
    }

    #[track_caller]
    fn check(model: CreditModel, history: &[(u64, bool)], expected: &[u32]) {
        let shares = model.shares(&touches(history), UnixMillis(14 * DAY));
        assert_eq!(shares, expected, "{model:?}");
    }

    #[test]
    fn one_history_by_every_model() {
        let history = [(0, false), (7, false), (14, true)];
        check(CreditModel::First, &history, &[WHOLE, 0, 0]);
        check(CreditModel::Last, &history, &[0, 0, WHOLE]);
        check(CreditModel::LastNonDirect, &history, &[0, WHOLE, 0]);
        check(CreditModel::Linear, &history, &[333_333, 333_333, 333_334]);
        check(
            CreditModel::TimeDecay,
            &history,
            &[142_857, 285_714, 571_429],
        );
        check(
            CreditModel::Position,
            &history,
            &[400_000, 200_000, 400_000],
        );
    }

    #[test]
    fn short_histories() {
        for model in CreditModel::ALL {
            check(model, &[], &[]);
            check(model, &[(3, true)], &[WHOLE]);
        }
        check(
            CreditModel::LastNonDirect,
            &[(1, true), (2, true)],
            &[0, WHOLE],
        );
        check(
            CreditModel::Position,
            &[(1, true), (2, false)],
            &[500_000, 500_000],
        );
    }

    #[test]
    fn names_are_read_back() {
        for model in CreditModel::ALL {
            assert_eq!(CreditModel::parse(model.as_str()), Some(model));
        }
        assert_eq!(CreditModel::parse("best"), None);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_made(
            history in proptest::collection::vec((0u64..100_000, any::<bool>()), 1..40),
            called_at in 0u64..200_000,
        ) {
            let mut history = history;
            history.sort_unstable();
            let touches = touches(&history);
            for model in CreditModel::ALL {
                let shares = model.shares(&touches, UnixMillis(called_at * DAY));
                prop_assert_eq!(shares.len(), touches.len());
                prop_assert_eq!(shares.iter().sum::<u32>(), WHOLE, "{:?}", model);
            }
            let decayed = CreditModel::TimeDecay.shares(&touches, UnixMillis(200_000 * DAY));
            for pair in decayed.windows(2) {
                // A later touch never gets less, rounding aside.
                prop_assert!(pair[0] <= pair[1] + 1, "{:?}", decayed);
            }
        }
    }
}
