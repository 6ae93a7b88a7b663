//! Reading members of other systems' documents, which say one thing in several ways: numbers as
//! texts, lists of one without brackets, lists as objects with numbered members.
//!
//! Invariant: what is there and is not understood is reported; nothing is passed over.

use super::Import;
use crate::number::words_of;
use crate::phone::{E164, read_list};
use serde_json::{Map, Value};

/// What an object that stands for a telephone number holds it under.
const NUMBER_NAMES: [&str; 4] = ["phone", "number", "virtual_phone_number", "phone_number"];

/// A part that is not what it should be; it was reported.
pub(super) struct Odd;

impl Import<'_> {
    /// Reports every member of `object` that is not `known` and says something; says whether there
    /// was one.
    pub(super) fn unknown_members(
        &mut self,
        pointer: &str,
        object: &Map<String, Value>,
        known: &[&str],
    ) -> bool {
        let before = self.notes.len();
        for (name, value) in object {
            if !known.contains(&name.as_str()) && !says_nothing(value) {
                let at = member(pointer, name);
                self.lost(
                    &at,
                    format!("\"{name}\" has no counterpart."),
                    format!("Для «{name}» нет соответствия."),
                );
            }
        }
        self.notes.len() > before
    }

    /// Reports a value that is not of the form it should have.
    pub(super) fn odd(&mut self, at: &str, value: &Value) -> Odd {
        let told = told(value);
        self.lost(
            at,
            format!("{told} is not understood here."),
            format!("{told}: здесь это непонятно."),
        );
        Odd
    }

    /// A text; a number is one too. Nothing where nothing is said.
    ///
    /// # Errors
    /// [`Odd`].
    pub(super) fn text(
        &mut self,
        pointer: &str,
        object: &Map<String, Value>,
        name: &str,
    ) -> Result<Option<String>, Odd> {
        match object.get(name) {
            Some(value) if !says_nothing(value) => match text_of(value) {
                Some(text) => Ok(Some(text)),
                None => Err(self.odd(&member(pointer, name), value)),
            },
            _ => Ok(None),
        }
    }

    /// A yes or no, as a flag, 1 or 0, or a word.
    ///
    /// # Errors
    /// [`Odd`].
    pub(super) fn flag(
        &mut self,
        pointer: &str,
        object: &Map<String, Value>,
        name: &str,
    ) -> Result<Option<bool>, Odd> {
        let Some(value) = object.get(name).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        let word = match value {
            Value::Bool(flag) => return Ok(Some(*flag)),
            value => text_of(value).unwrap_or_default().to_lowercase(),
        };
        match word.as_str() {
            "1" | "true" | "yes" | "on" | "да" => Ok(Some(true)),
            "0" | "false" | "no" | "off" | "нет" => Ok(Some(false)),
            _ => Err(self.odd(&member(pointer, name), value)),
        }
    }

    /// Numbers: texts with one or several, or objects that hold one. Whatever is none is reported.
    pub(super) fn numbers(
        &mut self,
        pointer: &str,
        object: &Map<String, Value>,
        name: &str,
    ) -> Vec<E164> {
        let mut numbers = Vec::new();
        for (at, item) in list(pointer, object, name) {
            let inner = item.as_object().and_then(|members| {
                let name = NUMBER_NAMES
                    .iter()
                    .find(|name| members.contains_key(**name))?;
                Some((members, *name))
            });
            let value = match inner {
                None => item,
                Some((members, name)) => {
                    self.unknown_members(&at, members, &["id", name]);
                    &members[name]
                }
            };
            match text_of(value) {
                Some(text) => numbers.extend(self.numbers_in(&at, &text)),
                None => {
                    self.odd(&at, item);
                }
            }
        }
        numbers
    }

    /// The numbers of a text that the site does not use yet.
    fn numbers_in(&mut self, at: &str, text: &str) -> Vec<E164> {
        let list = read_list(text, self.home());
        for fault in &list.faults {
            let (text, words) = (&fault.text, words_of(fault.reason));
            self.lost(
                at,
                format!("\"{text}\": {}", words.en),
                format!("«{text}»: {}", words.ru),
            );
        }
        let mut numbers = Vec::new();
        for number in list.numbers {
            if self.site.use_of(number).is_none() && self.taken.insert(number) {
                numbers.push(number);
                continue;
            }
            self.lost(
                at,
                format!("The site uses {number} already."),
                format!("Номер {number} уже используется на сайте."),
            );
        }
        numbers
    }

    /// The objects of a document: itself, its items, or those of an API answer. What is none is
    /// reported.
    pub(super) fn objects<'v>(
        &mut self,
        value: &'v Value,
        pointer: &str,
    ) -> Vec<(String, &'v Map<String, Value>)> {
        if let Value::Object(members) = value {
            let wrapped = ["data", "result"].iter().find_map(|name| {
                let inner = members.get(*name);
                Some((*name, inner.filter(|it| it.is_array() || it.is_object())?))
            });
            if let Some((name, inner)) = wrapped {
                return self.objects(inner, &member(pointer, name));
            }
        }
        let mut objects = Vec::new();
        for (at, item) in items(pointer, value) {
            match item.as_object() {
                Some(object) => objects.push((at, object)),
                None => {
                    self.odd(&at, item);
                }
            }
        }
        objects
    }
}

/// The items of a member that is a list, or of one that stands for a list of one.
pub(super) fn list<'v>(
    pointer: &str,
    object: &'v Map<String, Value>,
    name: &str,
) -> Vec<(String, &'v Value)> {
    object
        .get(name)
        .map(|value| items(&member(pointer, name), value))
        .unwrap_or_default()
}

fn items<'v>(pointer: &str, value: &'v Value) -> Vec<(String, &'v Value)> {
    match value {
        Value::Array(items) => {
            let item = |(index, item)| (format!("{pointer}/{index}"), item);
            items.iter().enumerate().map(item).collect()
        }
        // A list of PHP whose keys had gaps.
        Value::Object(members)
            if !members.is_empty()
                && members
                    .keys()
                    .all(|key| key.bytes().all(|b| b.is_ascii_digit())) =>
        {
            let item = |(key, item): (&String, &'v Value)| (format!("{pointer}/{key}"), item);
            members.iter().map(item).collect()
        }
        value if says_nothing(value) => Vec::new(),
        value => vec![(pointer.to_owned(), value)],
    }
}

/// Texts of a value: itself, or the items of a list. Nothing if one of them is no text.
pub(super) fn texts(value: &Value) -> Option<Vec<String>> {
    let texts: Option<Vec<String>> = items("", value).iter().map(|(_, it)| text_of(it)).collect();
    texts.filter(|texts| !texts.is_empty())
}

/// A text that says something, or a number as text.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => match number.as_f64() {
            // A telephone number that went through a spreadsheet is a fraction without one.
            Some(whole) if !number.is_u64() && whole.fract() == 0.0 && whole.abs() < 1e15 => {
                Some(format!("{whole:.0}"))
            }
            _ => Some(number.to_string()),
        },
        _ => None,
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// The pointer to a member (RFC 6901).
pub(super) fn member(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Longest part of a value that is told back, in characters.
const TOLD_CHARS: usize = 80;

/// A value in a report.
pub(super) fn told(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= TOLD_CHARS {
        return text;
    }
    let start: String = text.chars().take(TOLD_CHARS).collect();
    format!("{start}…")
}
