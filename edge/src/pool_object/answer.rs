//! What a page is told of a lease.

use crate::message::pool::Need;
use ringlet_core::phone::E164;
use ringlet_core::pool::{Grant, Instead};
use ringlet_core::wire::{GivenNumber, NumberGiven};

/// The lease's number in every scenario that shows it.
pub(super) fn leased(grant: &Grant, needs: &[Need]) -> impl Iterator<Item = GivenNumber> {
    needs.iter().map(|need| {
        let kind = if need.shared {
            NumberGiven::Static
        } else {
            NumberGiven::Leased
        };
        GivenNumber {
            lease: (!need.shared).then_some(grant.lease),
            generation: grant.generation,
            hold_ms: grant.hold_ms.0,
            beat_ms: grant.beat_ms.0,
            idle_ms: grant.idle_ms.0,
            ..need.given(kind, Some(grant.number))
        }
    })
}

/// What is shown where no number may be lent: the scenario's own reserve number, else the pool's,
/// else the page's.
pub(super) fn instead(instead: Instead, needs: &[Need]) -> impl Iterator<Item = GivenNumber> {
    needs.iter().map(move |need| {
        let pools = match instead {
            Instead::Reserve(number) => Some(number),
            Instead::Page => None,
        };
        other(need, need.reserve.or(pools))
    })
}

/// A number that is nobody's lease, or the page's.
pub(super) fn other(need: &Need, number: Option<E164>) -> GivenNumber {
    let kind = number.map_or(NumberGiven::Page, |_| NumberGiven::Reserve);
    need.given(kind, number)
}
