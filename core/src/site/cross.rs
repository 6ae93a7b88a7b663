//! What must agree across the document: ids once, one use for a number, pools that exist.

use super::fault::{Faults, Problem};
use super::parse::Placed;
use super::reader::{Node, nearest};
use super::receiver::Receiver;
use super::{NumberRecord, PoolConfig};
use crate::limits;
use crate::phone::E164;
use crate::scenario::{Scenario, ScenarioKind};
use std::collections::BTreeMap;

pub(super) fn check(
    root: &Node<'_>,
    pools: &Placed<PoolConfig>,
    scenarios: &Placed<Scenario>,
    numbers: &Placed<NumberRecord>,
) {
    let add = |pointer: &str, problem: Problem<'_>| root.faults.add(pointer, problem);
    check_ids(pools.iter().map(|(pool, at)| (pool.id.as_str(), at)), add);
    check_ids(scenarios.iter().map(|(it, at)| (it.id.as_str(), at)), add);
    let used = check_numbers(pools, scenarios, numbers, root.faults, add);
    if used.len() > limits::SITE_NUMBERS {
        add(
            "/pools",
            Problem::TooMany {
                max: limits::SITE_NUMBERS,
            },
        );
    }
    for (scenario, at) in scenarios {
        if let Some(pool) = scenario.pool()
            && !pools.iter().any(|(other, _)| other.id == *pool)
        {
            let like = nearest(
                pool.as_str(),
                pools.iter().map(|(pool, _)| pool.id.as_str()),
            );
            let id = pool.as_str();
            add(&format!("{at}/pool"), Problem::UnknownPool { id, like });
        }
        if let Some(number) = scenario.reserve_number
            && let Some(first) = used.get(&number)
        {
            let problem = Problem::NumberBusy {
                number: number.to_string(),
                first: first.pointer(root.faults),
            };
            add(&format!("{at}/reserve_number"), problem);
        }
    }
}

pub(super) fn check_receivers(root: &Node<'_>, receivers: &Placed<Receiver>) {
    let ids = receivers.iter().map(|(it, at)| (it.id.as_str(), at));
    check_ids(ids, |pointer, problem| root.faults.add(pointer, problem));
}

fn check_ids<'c>(
    ids: impl Iterator<Item = (&'c str, &'c String)>,
    add: impl Fn(&str, Problem<'_>),
) {
    let mut seen = BTreeMap::new();
    for (id, at) in ids {
        if let Some(first) = seen.get(id) {
            let first = String::clone(first);
            add(&format!("{at}/id"), Problem::IdTaken { id, first });
        } else {
            seen.insert(id, at.clone());
        }
    }
}

/// Where a number stands. There may be ten thousand, so its pointer is written only for a fault.
#[derive(Clone, Copy)]
enum Stands<'p> {
    Pool(&'p str, usize),
    Binding(&'p str, usize),
    Record(&'p str),
}

impl Stands<'_> {
    fn pointer(self, faults: &Faults) -> String {
        match self {
            Self::Pool(at, index) => {
                let list = format!("{at}/numbers");
                format!("{list}/{}", faults.place(&list, index))
            }
            Self::Binding(at, index) => {
                let list = format!("{at}/bindings");
                format!("{list}/{}/number", faults.place(&list, index))
            }
            Self::Record(at) => format!("{at}/number"),
        }
    }
}

impl Faults {
    /// Notes that an item of a list was left out; what is wrong with it is told.
    pub(super) fn leave_out(&self, list: &str, index: usize) {
        let mut left_out = self.left_out.borrow_mut();
        left_out.entry(list.to_owned()).or_default().push(index);
    }

    /// Where in the document's list the item stands that is at `index` of those not left out.
    fn place(&self, list: &str, index: usize) -> usize {
        let left_out = self.left_out.borrow();
        let Some(left_out) = left_out.get(list) else {
            return index;
        };
        // How many of them stand before it: of the nth, so many others do less n.
        let (mut low, mut high) = (0, left_out.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if left_out[middle] - middle <= index {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        index + low
    }
}

/// Every number lent or bound, and where; more than one place is a fault.
fn check_numbers<'p>(
    pools: &'p Placed<PoolConfig>,
    scenarios: &'p Placed<Scenario>,
    numbers: &'p Placed<NumberRecord>,
    faults: &Faults,
    add: impl Fn(&str, Problem<'_>),
) -> BTreeMap<E164, Stands<'p>> {
    let mut used = BTreeMap::new();
    let take = |used: &mut BTreeMap<E164, Stands<'p>>, number: E164, at: Stands<'p>| {
        if let Some(first) = used.get(&number) {
            let problem = Problem::NumberTaken {
                number: number.to_string(),
                first: first.pointer(faults),
            };
            add(&at.pointer(faults), problem);
        } else {
            used.insert(number, at);
        }
    };
    for (pool, at) in pools {
        for (index, number) in pool.numbers.iter().enumerate() {
            take(&mut used, *number, Stands::Pool(at, index));
        }
    }
    for (scenario, at) in scenarios {
        if let ScenarioKind::Static { bindings } = &scenario.kind {
            for (index, binding) in bindings.iter().enumerate() {
                take(&mut used, binding.number, Stands::Binding(at, index));
            }
        }
    }
    let mut records = BTreeMap::new();
    for (record, at) in numbers {
        take(&mut records, record.number, Stands::Record(at));
    }
    used
}
