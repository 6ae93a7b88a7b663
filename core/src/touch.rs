//! Touches: the contacts of a visitor with the site, in order, and where a visit ends.
//!
//! What is here: the bounded history that travels with a visit, the touch that is credited, and the
//! rule that begins a new visit. What is not here: what a touch says of its source
//! ([`crate::channel`], [`crate::label`]).
//!
//! Limit: [`limits::TOUCHES`]. Beyond it the touches in the middle go first; the first one and the
//! last that is not direct are never lost, because they are what a call is credited to.

use crate::channel::{Channel, Origin};
use crate::label::Labels;
use crate::limits;
use crate::time::{Millis, UnixMillis};

/// Without activity for this long a visit is over: the rule of the large analytics systems
/// (Google Analytics, Yandex Metrica), so that their visits and ours can be compared.
pub const VISIT_GAP: Millis = Millis::from_mins(30);

/// One contact of a visitor with the site through a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default)
)]
pub struct Touch {
    /// When it began.
    pub at: UnixMillis,
    /// Channel and source.
    pub origin: Origin,
    /// Labels of the address.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Labels::is_empty"))]
    pub labels: Labels,
    /// First page, in its stored form ([`crate::label::stored_url`]).
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "String::is_empty"))]
    pub landing_page: String,
}

impl Touch {
    /// Whether it names a source at all.
    pub fn is_direct(&self) -> bool {
        matches!(self.origin.channel, Channel::Direct | Channel::Internal)
    }
}

/// The touches of one visitor, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default)
)]
pub struct TouchHistory {
    touches: Vec<Touch>,
    /// Touches left out of the middle.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "is_zero"))]
    left_out: u64,
}

#[cfg(feature = "serde")]
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl TouchHistory {
    /// The touches kept, oldest first.
    pub fn touches(&self) -> &[Touch] {
        &self.touches
    }

    /// Touches in all, those left out included.
    pub fn count(&self) -> u64 {
        self.left_out + self.touches.len() as u64
    }

    /// The first touch.
    pub fn first(&self) -> Option<&Touch> {
        self.touches.first()
    }

    /// The latest touch.
    pub fn last(&self) -> Option<&Touch> {
        self.touches.last()
    }

    /// The latest touch that is not direct; the latest of all where every one is.
    pub fn last_non_direct(&self) -> Option<&Touch> {
        let named = self.touches.iter().rev().find(|touch| !touch.is_direct());
        named.or_else(|| self.last())
    }

    /// Whether a page view begins a new visit: the first one, one after [`VISIT_GAP`] without
    /// activity, and one that comes through another campaign than the visit did. A direct or
    /// internal page view never ends a visit, nor does the same campaign again (a reload).
    pub fn begins_visit(&self, last_activity: UnixMillis, next: &Touch) -> bool {
        let Some(last) = self.last() else {
            return true;
        };
        if next.at.since(last_activity) >= VISIT_GAP {
            return true;
        }
        !next.is_direct() && (next.labels != last.labels || next.origin != last.origin)
    }

    /// Adds the touch that begins a visit. A clock that went back does not reorder the history.
    pub fn push(&mut self, mut touch: Touch) {
        if let Some(last) = self.last() {
            touch.at = touch.at.max(last.at);
        }
        self.touches.push(touch);
        while self.touches.len() > limits::TOUCHES {
            let direct: Vec<bool> = self.touches.iter().map(Touch::is_direct).collect();
            let Some(place) = least_needed(&direct) else {
                return;
            };
            self.touches.remove(place);
            self.left_out += 1;
        }
    }
}

/// Which of a visitor's touches (oldest first, `true` is direct) goes first where there is no room
/// for all: one in the middle, never the first, the last, or the last that is not direct.
pub fn least_needed(direct: &[bool]) -> Option<usize> {
    let named = direct.iter().rposition(|direct| !direct);
    let last = direct.len().checked_sub(1)?;
    (1..last).find(|place| named != Some(*place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn touch(at: u64, channel: Channel, source: &str) -> Touch {
        let origin = Origin {
            channel,
            source: source.to_owned(),
            ..Origin::default()
        };
        Touch {
            at: UnixMillis(at),
            origin,
            ..Touch::default()
        }
    }

    fn any_touch() -> impl Strategy<Value = Touch> {
        let channels = prop::sample::select(Channel::ALL.to_vec());
        (0u64..10_000_000, channels, "[ab]")
            .prop_map(|(at, channel, source)| touch(at, channel, &source))
    }

    #[test]
    fn a_visit_ends_after_half_an_hour_or_with_another_campaign() {
        let mut history = TouchHistory::default();
        let paid = touch(0, Channel::Paid, "yandex");
        assert!(history.begins_visit(UnixMillis(0), &paid));
        history.push(paid);
        let gap = VISIT_GAP.0;
        let at =
            |at, channel, source| history.begins_visit(UnixMillis(0), &touch(at, channel, source));
        assert!(!at(gap - 1, Channel::Direct, ""));
        assert!(at(gap, Channel::Direct, ""));
        assert!(!at(1, Channel::Internal, "shop.example"));
        assert!(!at(1, Channel::Paid, "yandex"));
        assert!(at(1, Channel::Paid, "google"));
        assert!(at(1, Channel::Social, "yandex"));
    }

    proptest! {
        /// Against the plain list of all touches.
        #[test]
        fn what_is_credited_is_never_lost(touches in prop::collection::vec(any_touch(), 1..120)) {
            let mut history = TouchHistory::default();
            for touch in &touches {
                history.push(touch.clone());
            }
            prop_assert!(history.touches().len() <= limits::TOUCHES);
            prop_assert_eq!(history.count(), touches.len() as u64);
            prop_assert!(history.touches().is_sorted_by_key(|touch| touch.at));
            let origin = |touch: Option<&Touch>| touch.map(|touch| touch.origin.clone());
            prop_assert_eq!(origin(history.first()), origin(touches.first()));
            prop_assert_eq!(origin(history.last()), origin(touches.last()));
            let named = touches.iter().rev().find(|touch| !touch.is_direct()).or(touches.last());
            prop_assert_eq!(origin(history.last_non_direct()), origin(named));
        }

        #[cfg(feature = "edge")]
        #[test]
        fn a_history_reads_back_the_same(touches in prop::collection::vec(any_touch(), 0..40)) {
            let mut history = TouchHistory::default();
            for touch in touches {
                history.push(touch);
            }
            let json = serde_json::to_string(&history).expect("a history is JSON");
            let again: TouchHistory = serde_json::from_str(&json).expect("read back");
            prop_assert_eq!(again, history);
        }
    }
}
