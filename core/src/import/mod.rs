//! Configurations of other systems, made ours.
//!
//! What is here: Roistat's scenario JSON and UIS's call-tracking rules with their replacement
//! groups. Each becomes a scenario, with a pool of its own, added to a site's configuration. What
//! has no counterpart is reported with its place, never guessed: a scenario that lost a condition
//! comes switched off, because it would match other visits than it did.
//!
//! Sources of the forms: Roistat's API reference (calltracking methods); UIS's Data API
//! (`create_call_tracking_rule`, `create_replacement_phones_group`).

mod roistat;
mod uis;

use crate::phone::{E164, Home, read_written};
use crate::site::{Fault, SiteConfig, Text};
use serde::Serialize;
use serde_json::{Map, Value, json};
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
        ImportError::NotThat(Text {
            en: format!("This is not JSON: {error}."),
            ru: format!("Это не JSON: {error}."),
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
    let config = SiteConfig::parse(&import.outcome.to_string()).map_err(ImportError::Faults)?;
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

    /// Reports every member of `object` that is not `known` and says something.
    fn unknown_members(&mut self, pointer: &str, object: &Map<String, Value>, known: &[&str]) {
        for (name, value) in object {
            let says_nothing = match value {
                Value::Null | Value::Bool(false) => true,
                Value::String(text) => text.is_empty(),
                Value::Array(items) => items.is_empty(),
                Value::Object(members) => members.is_empty(),
                _ => false,
            };
            if !known.contains(&name.as_str()) && !says_nothing {
                let at = format!("{pointer}/{name}");
                self.lost(
                    &at,
                    format!("\"{name}\" has no counterpart."),
                    format!("Для «{name}» нет соответствия."),
                );
            }
        }
    }

    /// Numbers of a list of texts or of objects that hold one; whatever is none is reported.
    fn numbers(&mut self, pointer: &str, value: &Value) -> Vec<E164> {
        let items = value.as_array().map_or(&[] as &[Value], Vec::as_slice);
        let mut numbers = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let inner = ["phone", "number", "virtual_phone_number", "phone_number"];
            let text = item.as_str().or_else(|| {
                inner
                    .iter()
                    .find_map(|name| item.get(name))
                    .and_then(Value::as_str)
            });
            let whole = item.as_u64().map(|digits| digits.to_string());
            let text = text.map(str::to_owned).or(whole).unwrap_or_default();
            match read_written(&text, self.home()) {
                Some(number)
                    if self.site.use_of(number).is_some() || !self.taken.insert(number) =>
                {
                    self.lost(
                        &format!("{pointer}/{index}"),
                        format!("The site uses {number} already."),
                        format!("Номер {number} уже используется на сайте."),
                    );
                }
                Some(number) => numbers.push(number),
                None => self.lost(
                    &format!("{pointer}/{index}"),
                    format!("\"{text}\" is no telephone number."),
                    format!("«{text}» — не телефонный номер."),
                ),
            }
        }
        numbers
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
        self.added.push(id);
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

/// The objects of a document: itself, its items, or those of an API answer.
fn objects<'v>(value: &'v Value, pointer: String) -> Vec<(String, &'v Map<String, Value>)> {
    match value {
        Value::Array(items) => {
            let item = |(index, item): (usize, &'v Value)| {
                item.as_object()
                    .map(|object| (format!("{pointer}/{index}"), object))
            };
            items.iter().enumerate().filter_map(item).collect()
        }
        Value::Object(members) => {
            let wrapped = ["data", "result"].iter().find_map(|name| {
                let inner = members
                    .get(*name)
                    .filter(|it| it.is_array() || it.is_object())?;
                Some(objects(inner, format!("{pointer}/{name}")))
            });
            wrapped.unwrap_or_else(|| vec![(pointer, members)])
        }
        _ => Vec::new(),
    }
}

fn text_of<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v str> {
    object
        .get(name)
        .and_then(Value::as_str)
        .map(str::trim)
        .filter(|text| !text.is_empty())
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
