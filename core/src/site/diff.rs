//! What changed between two configurations of a site.

use super::SiteConfig;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Where: names and ids joined by `/`. Pools and scenarios are named by id, numbers by
    /// themselves, so that moving a line is no change.
    pub path: String,
    /// What stood there; absent if added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What stands there now; absent if removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// The differences from `before` to `after`, in the order of the document. Secrets are compared,
/// and shown as `"…"`.
pub fn diff(before: &SiteConfig, after: &SiteConfig) -> Vec<Change> {
    let value = |config: &SiteConfig| serde_json::to_value(config).unwrap_or_default();
    let mut changes = Vec::new();
    compare("", &value(before), &value(after), &mut changes);
    for change in &mut changes {
        let hides = ["/telephony/", "/receivers/"];
        if hides.iter().any(|start| change.path.starts_with(start)) {
            for side in [&mut change.before, &mut change.after] {
                side.as_mut().map(hide_secrets);
            }
            if change.path.ends_with("secrets") || change.path.ends_with("/key") {
                let hidden = || Some(Value::from("…"));
                change.before = change.before.take().and_then(|_| hidden());
                change.after = change.after.take().and_then(|_| hidden());
            }
        }
    }
    changes
}

fn hide_secrets(value: &mut Value) {
    if let Value::Object(members) = value {
        for (name, value) in members {
            if name.ends_with("secrets") || name == "key" {
                *value = Value::from("…");
            } else {
                hide_secrets(value);
            }
        }
    }
}

fn compare(path: &str, before: &Value, after: &Value, changes: &mut Vec<Change>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for name in names {
                let at = format!("{path}/{name}");
                compare_sides(&at, old.get(name), new.get(name), changes);
            }
        }
        (Value::Array(old), Value::Array(new)) if keyed(old) && keyed(new) => {
            let keys: Vec<&str> = old.iter().filter_map(key).collect();
            let added = new.iter().filter_map(key).filter(|key| !keys.contains(key));
            let all: Vec<&str> = keys.iter().copied().chain(added).collect();
            let find = |list: &'_ [Value], wanted: &str| {
                list.iter().position(|item| key(item) == Some(wanted))
            };
            for name in all {
                let at = format!("{path}/{name}");
                let old = find(old, name).and_then(|index| old.get(index));
                let new = find(new, name).and_then(|index| new.get(index));
                compare_sides(&at, old, new, changes);
            }
        }
        _ => compare_sides(path, Some(before), Some(after), changes),
    }
}

fn compare_sides(
    path: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    changes: &mut Vec<Change>,
) {
    match (before, after) {
        (Some(old), Some(new)) if old != new && goes_deeper(path, old, new) => {
            compare(path, old, new, changes)
        }
        (old, new) if old != new => changes.push(Change {
            path: path.to_owned(),
            before: old.cloned(),
            after: new.cloned(),
        }),
        _ => {}
    }
}

/// Whether the difference is told member by member. Secrets named by themselves would stand in the
/// path, so their lists are compared as a whole.
fn goes_deeper(path: &str, old: &Value, new: &Value) -> bool {
    match (old, new) {
        _ if path.ends_with("secrets") => false,
        (Value::Object(_), Value::Object(_)) => true,
        (Value::Array(old), Value::Array(new)) => keyed(old) && keyed(new),
        _ => false,
    }
}

/// Whether the items of a list have names of their own, all different.
fn keyed(list: &[Value]) -> bool {
    let keys: BTreeSet<_> = list.iter().filter_map(key).collect();
    keys.len() == list.len()
}

/// What names an item: its id, its number, or itself if it is a text.
fn key(item: &Value) -> Option<&str> {
    match item {
        Value::String(text) => Some(text),
        Value::Object(members) => members
            .get("id")
            .or_else(|| members.get("number"))
            .and_then(Value::as_str),
        _ => None,
    }
}
