//! Configurations of other systems, made ours.
//!
//! What is here: Roistat's scenario JSON and UIS's call-tracking rules with their replacement
//! groups. Each becomes a scenario, with a pool of its own, added to a site's configuration. What
//! has no counterpart is reported with its place, never guessed: a scenario that lost a condition
//! comes switched off, because it would match other visits than it did. So is what our own
//! configuration would not accept: it is left out, and nothing else with it.
//!
//! Sources of the forms: Roistat's API reference (calltracking methods); UIS's Data API
//! (`create_call_tracking_rule`, `create_replacement_phones_group`).

mod members;
mod roistat;
mod uis;

use crate::api::unread::Unread;
use crate::phone::{E164, Home};
use crate::site::{Fault, SiteConfig, Text};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The system a document comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportFrom {
    /// Scenario JSON: one, a list, or an API answer with `data`.
    Roistat,
    /// Rules and replacement groups: `{"rules": […], "replacement_phones_groups": […]}`, a list of
    /// either, or API answers with `result.data`.
    Uis,
}

/// What became of one part of the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Where in the imported document: a JSON pointer.
    pub pointer: String,
    /// What became of it.
    pub outcome: Outcome,
    /// In words.
    pub message: Text,
}

/// What became of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It means the same, though it is said in another way worth knowing.
    Changed,
    /// Nothing here does what it did.
    Lost,
}

/// A configuration with what was imported into it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Imported {
    /// The whole configuration, to be looked at and put into force.
    pub config: SiteConfig,
    /// Ids of the scenarios that were added.
    pub added: Vec<String>,
    /// What changed and what was lost.
    pub notes: Vec<Note>,
}

/// Why nothing was imported.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportError {
    /// The document is not JSON, or holds nothing of the expected form.
    NotThat(Text),
    /// The outcome would not be accepted; the pointers point into the outcome.
    Faults(Vec<Fault>),
}

/// Adds the scenarios of `document` to `site`.
///
/// # Errors
/// If the document is of another form, or what comes out would not be accepted.
pub fn import(
    from: ImportFrom,
    document: &str,
    site: &SiteConfig,
) -> Result<Imported, ImportError> {
    let value: Value = serde_json::from_str(document).map_err(|error| {
        let Unread { en, ru } = Unread::from(error);
        ImportError::NotThat(Text {
            en: format!("This is not JSON: {en}."),
            ru: format!("Это не прочесть: {ru}."),
        })
    })?;
    let mut import = Import::new(site);
    match from {
        ImportFrom::Roistat => roistat::read(&value, &mut import),
        ImportFrom::Uis => uis::read(&value, &mut import),
    }
    if import.added.is_empty() {
        return Err(ImportError::NotThat(Text {
            en: "Nothing of the expected form was found.".to_owned(),
            ru: "Ничего нужного вида не найдено.".to_owned(),
        }));
    }
    let config = loop {
        match SiteConfig::parse(&import.outcome.to_string()) {
            Ok(config) => break config,
            Err(faults) if import.leave_out(&faults) => {}
            Err(faults) => return Err(ImportError::Faults(faults)),
        }
    };
    Ok(Imported {
        config,
        added: import.added,
        notes: import.notes,
    })
}

/// A scenario as it is put together.
#[derive(Default)]
struct Draft {
    name: String,
    enabled: bool,
    /// Dynamic, else static.
    dynamic: bool,
    numbers: Vec<E164>,
    hold_ms: Option<u64>,
    policy: Option<Value>,
    conditions: Vec<Value>,
    targets: Vec<Value>,
    mask: Option<String>,
    forward: Option<Value>,
    /// Sources that static numbers are shown for.
    sources: Vec<String>,
}

struct Import<'s> {
    site: &'s SiteConfig,
    outcome: Value,
    added: Vec<String>,
    notes: Vec<Note>,
    /// Where the scenarios and the pools that were added stood in the imported document, in order.
    scenarios_at: Vec<String>,
    pools_at: Vec<String>,
    /// Numbers imported so far: each has one place.
    taken: BTreeSet<E164>,
}

impl<'s> Import<'s> {
    fn new(site: &'s SiteConfig) -> Self {
        let outcome = serde_json::to_value(site).unwrap_or_default();
        Self {
            site,
            outcome,
            added: Vec::new(),
            notes: Vec::new(),
            scenarios_at: Vec::new(),
            pools_at: Vec::new(),
            taken: BTreeSet::new(),
        }
    }

    fn home(&self) -> Home<'_> {
        self.site.home()
    }

    fn lost(&mut self, pointer: &str, en: impl Into<String>, ru: impl Into<String>) {
        self.note(pointer, Outcome::Lost, en.into(), ru.into());
    }

    fn changed(&mut self, pointer: &str, en: impl Into<String>, ru: impl Into<String>) {
        self.note(pointer, Outcome::Changed, en.into(), ru.into());
    }

    fn note(&mut self, pointer: &str, outcome: Outcome, en: String, ru: String) {
        let message = Text { en, ru };
        self.notes.push(Note {
            pointer: pointer.to_owned(),
            outcome,
            message,
        });
    }

    /// Adds a finished draft, with a pool of its own if it is dynamic.
    fn add(&mut self, pointer: &str, draft: Draft) {
        let id = self.free_id(&draft.name);
        let mut scenario = json!({
            "id": id,
            "name": draft.name,
            "enabled": draft.enabled,
            "conditions": draft.conditions,
            "targets": draft.targets,
            "mask": draft.mask,
            "forward": draft.forward,
        });
        if draft.dynamic {
            let pool = json!({
                "id": id,
                "numbers": draft.numbers,
                "hold_ms": draft.hold_ms,
                "policy": draft.policy,
            });
            push(&mut self.outcome, "pools", pool);
            self.pools_at.push(pointer.to_owned());
            scenario["kind"] = "dynamic".into();
            scenario["pool"] = id.as_str().into();
            if draft.numbers.is_empty() {
                self.lost(
                    pointer,
                    "The document holds no numbers: add some to the pool.",
                    "Номеров в документе нет: добавьте их в пул.",
                );
            }
        } else {
            scenario["kind"] = "static".into();
            scenario["bindings"] = self.bindings(pointer, &draft).into();
        }
        push(&mut self.outcome, "scenarios", scenario);
        self.scenarios_at.push(pointer.to_owned());
        self.added.push(id);
    }

    /// Leaves out of what was added whatever our configuration does not accept, and reports it.
    /// Says whether there was such a thing: if not, the faults stay.
    fn leave_out(&mut self, faults: &[Fault]) -> bool {
        let mut places: Vec<(Place, &Fault)> = Vec::new();
        for fault in faults {
            if let Some(place) = self.place(&fault.pointer)
                && !places.iter().any(|(other, _)| *other == place)
            {
                places.push((place, fault));
            }
        }
        // From the end, so that what is left out moves nothing that is still to be.
        places.sort_by(|(one, _), (other, _)| other.cmp(one));
        let before = self.notes.len();
        for (place, fault) in places {
            let at = match place.list {
                "pools" => self.pools_at[place.added].clone(),
                _ => self.scenarios_at[place.added].clone(),
            };
            let Some(value) = place.take(&mut self.outcome) else {
                continue;
            };
            let (en, ru) = (&fault.message.en, &fault.message.ru);
            let what = &place.member;
            self.lost(
                &at,
                format!("\"{what}\" {value} was left out: {en}"),
                format!("«{what}» {value} не взято: {ru}"),
            );
        }
        self.notes[before..].reverse();
        self.notes.len() > before
    }

    /// What of the outcome a fault is in, if it was added and can be left out.
    fn place(&self, pointer: &str) -> Option<Place> {
        let mut parts = pointer.split('/').skip(1);
        let list = match parts.next()? {
            "pools" => "pools",
            "scenarios" => "scenarios",
            _ => return None,
        };
        let index: usize = parts.next()?.parse().ok()?;
        let member = parts.next()?;
        if ["id", "kind", "pool", "enabled"].contains(&member) {
            return None;
        }
        let had = match list {
            "pools" => self.site.pools.len(),
            _ => self.site.scenarios.len(),
        };
        let in_lists = ["numbers", "conditions", "targets", "bindings"];
        let item = parts.next().filter(|_| in_lists.contains(&member));
        Some(Place {
            list,
            index,
            added: index.checked_sub(had)?,
            member: member.to_owned(),
            item: item.and_then(|item| item.parse().ok()),
        })
    }

    /// A static number for each source, in order; what is left over on either side is reported.
    fn bindings(&mut self, pointer: &str, draft: &Draft) -> Vec<Value> {
        let pairs = draft.numbers.iter().zip(&draft.sources);
        let bindings: Vec<Value> = pairs
            .map(|(number, source)| json!({"number": number, "source": source}))
            .collect();
        for source in draft.sources.iter().skip(bindings.len()) {
            self.lost(
                pointer,
                format!("There is no number for the source \"{source}\"."),
                format!("Для источника «{source}» нет номера."),
            );
        }
        for number in draft.numbers.iter().skip(bindings.len()) {
            self.lost(
                pointer,
                format!("No source is named for {number}."),
                format!("Для номера {number} не указан источник."),
            );
        }
        bindings
    }

    /// An id made of the name, not yet taken by a scenario or a pool.
    fn free_id(&self, name: &str) -> String {
        let latin = |c: char| match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9') => c,
            _ => '-',
        };
        let text: String = name.chars().map(latin).take(40).collect();
        let words: Vec<&str> = text.split('-').filter(|word| !word.is_empty()).collect();
        let base = if words.is_empty() {
            "imported".to_owned()
        } else {
            words.join("-")
        };
        let taken = |id: &str| {
            let lists = [&self.outcome["pools"], &self.outcome["scenarios"]];
            lists.iter().any(|list| {
                list.as_array()
                    .is_some_and(|items| items.iter().any(|item| item["id"] == id))
            })
        };
        if !taken(&base) {
            return base;
        }
        let numbered = (2..).map(|n| format!("{base}-{n}"));
        numbered.into_iter().find(|id| !taken(id)).unwrap_or(base)
    }
}

fn push(outcome: &mut Value, list: &str, item: Value) {
    if let Some(items) = outcome[list].as_array_mut() {
        items.push(item);
    }
}

/// A part of the outcome that can be left out: a member of what was added, or an item of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    list: &'static str,
    index: usize,
    /// The same among those that were added.
    added: usize,
    member: String,
    item: Option<usize>,
}

impl Place {
    /// Takes the part out of `outcome`. A scenario without one of its conditions is switched off.
    fn take(&self, outcome: &mut Value) -> Option<Value> {
        let holder = outcome.get_mut(self.list)?.get_mut(self.index)?;
        let holder = holder.as_object_mut()?;
        let taken = match self.item {
            None => holder.remove(&self.member)?,
            Some(item) => {
                let items = holder.get_mut(&self.member)?.as_array_mut()?;
                (item < items.len()).then(|| items.remove(item))?
            }
        };
        if self.member == "conditions" {
            holder.insert("enabled".to_owned(), false.into());
        }
        Some(taken)
    }
}

/// The dimension a parameter of an address has here, where the name is the same in both systems.
fn shared_dimension(field: &str) -> Option<&'static str> {
    const NAMES: [&str; 21] = [
        "utm_source",
        "utm_medium",
        "utm_campaign",
        "utm_term",
        "utm_content",
        "openstat_service",
        "openstat_campaign",
        "openstat_ad",
        "openstat_source",
        "country",
        "region",
        "city",
        "referrer",
        "referrer_domain",
        "search_engine",
        "landing_page",
        "channel",
        "device",
        "search_phrase",
        "source",
        "label",
    ];
    NAMES.into_iter().find(|name| *name == field)
}

#[cfg(test)]
mod tests;
