//! Walking a JSON document while collecting every fault of it.

use super::fault::{Faults, Problem};
use super::json::Json;
use crate::limits;
use crate::phone::E164;

/// A value and where it stands.
#[derive(Clone)]
pub(super) struct Node<'v> {
    pub(super) value: &'v Json,
    pub(super) pointer: String,
    pub(super) faults: &'v Faults,
}

impl<'v> Node<'v> {
    pub(super) fn fault(&self, problem: Problem<'_>) {
        self.faults.add(&self.pointer, problem);
    }

    fn wrong_type(&self, expected: &'static str) {
        let found = self.value.kind();
        self.fault(Problem::Type { expected, found });
    }

    fn child(&self, name: &str, value: &'v Json) -> Self {
        let name = name.replace('~', "~0").replace('/', "~1");
        let pointer = format!("{}/{name}", self.pointer);
        Node {
            value,
            pointer,
            faults: self.faults,
        }
    }

    /// A string of at most `max` characters, trimmed and not empty.
    pub(super) fn text(&self, max: usize) -> Option<&'v str> {
        let Json::Text(text) = self.value else {
            self.wrong_type("string");
            return None;
        };
        let text = text.trim();
        if text.is_empty() {
            self.fault(Problem::Empty);
            return None;
        }
        if text.chars().count() > max {
            self.fault(Problem::TooLong { max });
            return None;
        }
        Some(text)
    }

    pub(super) fn flag(&self) -> Option<bool> {
        let Json::Bool(flag) = self.value else {
            self.wrong_type("boolean");
            return None;
        };
        Some(*flag)
    }

    pub(super) fn whole(&self, min: i64, max: i64) -> Option<i64> {
        let Json::Whole(number) = self.value else {
            self.wrong_type("a whole number");
            return None;
        };
        if !(min..=max).contains(number) {
            self.fault(Problem::Range { min, max });
            return None;
        }
        Some(*number)
    }

    pub(super) fn count(&self, min: u64, max: u64) -> Option<u64> {
        let bound = |limit: u64| i64::try_from(limit).unwrap_or(i64::MAX);
        self.whole(bound(min), bound(max))
            .and_then(|n| u64::try_from(n).ok())
    }

    /// A list of at most `max` items.
    pub(super) fn items(&self, max: usize) -> Vec<Node<'v>> {
        let Json::List(items) = self.value else {
            self.wrong_type("array");
            return Vec::new();
        };
        if items.len() > max {
            self.fault(Problem::TooMany { max });
        }
        let item = |(index, value): (usize, &'v Json)| self.child(&index.to_string(), value);
        items.iter().enumerate().take(max).map(item).collect()
    }

    /// The numbers of a list of at most `max`; what is none leaves its fault. There may be ten
    /// thousand, so where one stands is written only if it has a fault.
    pub(super) fn numbers(&self, max: usize) -> Vec<E164> {
        let Json::List(items) = self.value else {
            self.wrong_type("array");
            return Vec::new();
        };
        if items.len() > max {
            self.fault(Problem::TooMany { max });
        }
        let number = |(index, value): (usize, &'v Json)| match value {
            Json::Text(text) if text.len() <= limits::NAME_CHARS => {
                dialled(text.trim()).or_else(|| self.child(&index.to_string(), value).number())
            }
            _ => self.child(&index.to_string(), value).number(),
        };
        let items = items.iter().enumerate().take(max);
        let items = items.filter_map(|(index, value)| {
            let number = number((index, value));
            if number.is_none() {
                self.faults.leave_out(&self.pointer, index);
            }
            number
        });
        items.collect()
    }

    pub(super) fn fields(&self) -> Option<Fields<'v>> {
        let Json::Object(members) = self.value else {
            self.wrong_type("object");
            return None;
        };
        Some(Fields {
            node: self.clone(),
            members,
            asked: Vec::new(),
        })
    }

    /// E.164 digits.
    pub(super) fn number(&self) -> Option<E164> {
        let text = self.text(limits::NAME_CHARS)?;
        let number = dialled(text);
        if number.is_none() {
            self.fault(Problem::Phone { text });
        }
        number
    }

    /// One of `allowed`, by name.
    pub(super) fn choice<T: Copy>(
        &self,
        allowed: impl IntoIterator<Item = (&'static str, T)>,
    ) -> Option<T> {
        let allowed: Vec<_> = allowed.into_iter().collect();
        let text = self.text(limits::NAME_CHARS)?;
        let found = allowed.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let allowed: Vec<_> = allowed.iter().map(|(name, _)| *name).collect();
            let like = nearest(text, allowed.iter().copied());
            self.fault(Problem::Value {
                text,
                allowed,
                like,
            });
        }
        found.map(|(_, value)| *value)
    }

    /// An id, by its own parser.
    pub(super) fn id<T>(&self, parse: fn(&str) -> Result<T, crate::id::NotAnId>) -> Option<T> {
        let text = self.text(limits::NAME_CHARS)?;
        let id = parse(text).ok();
        if id.is_none() {
            self.fault(Problem::Id { text });
        }
        id
    }
}

/// A number that can be dialled from anywhere.
fn dialled(text: &str) -> Option<E164> {
    // Nothing with fewer than seven digits can be called from abroad.
    let number = E164::parse(text)
        .ok()
        .filter(|number| number.as_u64() >= 1_000_000);
    number.filter(|number| {
        let parts = number.parts();
        !parts.plan().is_known() || parts.is_regular()
    })
}

/// The members of an object. Each may be asked for; what nobody asked for is a fault.
pub(super) struct Fields<'v> {
    pub(super) node: Node<'v>,
    members: &'v [(String, Json)],
    asked: Vec<&'static str>,
}

impl<'v> Fields<'v> {
    /// The member `name`; `null` is as if it were absent.
    pub(super) fn get(&mut self, name: &'static str) -> Option<Node<'v>> {
        self.asked.push(name);
        let (_, value) = self.members.iter().find(|(member, _)| member == name)?;
        (*value != Json::Null).then(|| self.node.child(name, value))
    }

    /// As [`Fields::get`]; its absence is a fault.
    pub(super) fn need(&mut self, name: &'static str) -> Option<Node<'v>> {
        let node = self.get(name);
        if node.is_none() {
            self.node.fault(Problem::Missing { name });
        }
        node
    }

    /// The members as they stand, for objects whose names are data.
    pub(super) fn every(&mut self) -> Vec<(&'v str, Node<'v>)> {
        let members = self.members;
        members
            .iter()
            .map(|(name, value)| (name.as_str(), self.node.child(name, value)))
            .collect()
    }

    /// Reports members that nobody asked for, and doubled ones.
    pub(super) fn done(self) {
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in self.members {
            let node = self.node.child(name, value);
            if seen.contains(&name.as_str()) {
                node.fault(Problem::Doubled { name });
            } else if !self.asked.contains(&name.as_str()) {
                let like = nearest(name, self.asked.iter().copied());
                node.fault(Problem::UnknownField { name, like });
            }
            seen.push(name);
        }
    }
}

/// The candidate most like `text`, if any is like it: at most a third of its characters differ.
pub(super) fn nearest<'c>(
    text: &str,
    candidates: impl Iterator<Item = &'c str>,
) -> Option<&'c str> {
    let most = (text.chars().count() / 3).max(1);
    candidates
        .map(|candidate| (distance(text, candidate), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions and replacements from one to the other (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(limits::NAME_CHARS).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().take(limits::NAME_CHARS).enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let keep = corner + usize::from(ca != *cb);
            corner = row[j + 1];
            row[j + 1] = keep.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}
