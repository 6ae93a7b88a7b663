//! The visits of a report, each once, whichever pools tell of it and in whatever order.
//!
//! A visit is counted by the one that tells how it began; others may tell only that it was shown a
//! number. What is kept of each is short: 80 bytes and the tree's own.

use super::rows::VisitRow;
use super::{Figures, TooMany};
use crate::id::{VisitId, VisitorId};
use crate::phone::E164;
use crate::time::UnixMillis;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// 450,000 visits: some 50 MB of an isolate's 128 while they are counted. A site of 32,000 visits a
/// day can be asked for a week beside the week before.
pub const VISITS_MAX: usize = 450_000;

/// What is kept of a visit.
#[derive(Clone, Copy, Debug)]
struct Cell {
    at: UnixMillis,
    visitor: VisitorId,
    /// Its place among the keys.
    key: u32,
    /// Which of the two periods it is of; none while nobody told how it began.
    half: Option<u8>,
    number: Option<E164>,
    /// The number is what its own row says.
    is_own: bool,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Visits {
    cells: BTreeMap<VisitId, Cell>,
    keys: Vec<String>,
    places: BTreeMap<String, u32>,
}

impl Visits {
    /// # Errors
    /// [`TooMany::Visits`].
    pub(super) fn add(
        &mut self,
        visit: &VisitRow,
        half: usize,
        key: String,
    ) -> Result<(), TooMany> {
        let key = self.place_of(key);
        let told = Cell {
            at: visit.at,
            visitor: visit.visitor,
            key,
            half: Some(half as u8),
            number: visit.number,
            is_own: visit.number.is_some(),
        };
        let Some(known) = self.cells.get_mut(&visit.visit) else {
            return self.insert(visit.visit, told);
        };
        // Told twice, the first to begin stands; at the same instant, whose key is less.
        let order = |cell: &Cell| (cell.at, &self.keys[cell.key as usize]);
        let (number, is_own) = match (known.is_own, told.is_own) {
            (true, true) => (known.number.min(told.number), true),
            (_, true) => (told.number, true),
            _ => (known.number, known.is_own),
        };
        if known.half.is_none() || order(&told) < order(known) {
            *known = told;
        }
        (known.number, known.is_own) = (number, is_own);
        Ok(())
    }

    /// # Errors
    /// [`TooMany::Visits`].
    pub(super) fn shown(&mut self, visit: VisitId, number: E164) -> Result<(), TooMany> {
        if let Some(known) = self.cells.get_mut(&visit) {
            if !known.is_own {
                known.number = Some(known.number.map_or(number, |other| other.min(number)));
            }
            return Ok(());
        }
        let untold = Cell {
            at: UnixMillis(0),
            visitor: VisitorId(0),
            key: 0,
            half: None,
            number: Some(number),
            is_own: false,
        };
        self.insert(visit, untold)
    }

    fn insert(&mut self, visit: VisitId, cell: Cell) -> Result<(), TooMany> {
        if self.cells.len() == VISITS_MAX {
            return Err(TooMany::Visits);
        }
        self.cells.insert(visit, cell);
        Ok(())
    }

    fn place_of(&mut self, key: String) -> u32 {
        if let Some(place) = self.places.get(&key) {
            return *place;
        }
        let place = self.keys.len() as u32;
        self.keys.push(key.clone());
        self.places.insert(key, place);
        place
    }

    /// Counts the visits into the groups of the two periods, and their visitors each where he came
    /// first.
    pub(super) fn count(&self, by_number: bool, groups: [&mut BTreeMap<String, Figures>; 2]) {
        let cells = self.cells.values();
        let mut cells: Vec<(usize, &Cell)> = cells
            .filter_map(|cell| Some((usize::from(cell.half?), cell)))
            .collect();
        let key = |cell: &Cell| match (by_number, cell.number) {
            (false, _) => Cow::Borrowed(self.keys[cell.key as usize].as_str()),
            (true, Some(number)) => Cow::Owned(number.to_string()),
            (true, None) => Cow::Borrowed("(none)"),
        };
        cells.sort_by(|(a_half, a), (b_half, b)| {
            let order = (a_half, a.visitor, a.at).cmp(&(b_half, b.visitor, b.at));
            order.then_with(|| key(a).cmp(&key(b)))
        });
        for visits in cells.chunk_by(|a, b| (a.0, a.1.visitor) == (b.0, b.1.visitor)) {
            let (half, first) = visits[0];
            for (_, visit) in visits {
                let figures = groups[half].entry(key(visit).into_owned()).or_default();
                figures.visits += 1;
                figures.shown += u64::from(visit.number.is_some());
            }
            let figures = groups[half].entry(key(first).into_owned()).or_default();
            figures.visitors += 1;
            let was_shown = visits.iter().any(|(_, visit)| visit.number.is_some());
            figures.visitors_shown += u64::from(was_shown);
        }
    }
}
