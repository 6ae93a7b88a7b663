//! Edits of a configuration's document that leave alone whatever they do not name.
//!
//! What is here: JSON Merge Patch (RFC 7396) over the whole document or over one scenario of it,
//! and putting a scenario in or taking it out. What is not here: whether the outcome is accepted;
//! [`super::SiteConfig::parse`] says so, as of any document.
//!
//! Invariant: what the owner left unsaid stays unsaid; no default is written in.

use crate::api::unread::Unread;
use crate::id::ScenarioId;
use serde_json::{Map, Value};

/// Why a document was not edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditError {
    /// The document, or what should go into it, is not JSON: what is wrong and where.
    NotJson(Unread),
    /// It is JSON, and no object.
    NotAnObject,
    /// The scenario's own `id` is another than the one it is named by.
    OtherId,
    /// There is no such scenario.
    NoScenario,
}

/// `document` with the members of `patch`; `null` takes a member out, a list is replaced whole.
///
/// # Errors
/// [`EditError::NotJson`], [`EditError::NotAnObject`].
pub fn merge_document(document: &str, patch: &str) -> Result<String, EditError> {
    let mut whole = object(document)?;
    merge(&mut whole, object(patch)?);
    Ok(written(whole))
}

/// `document` with `scenario` in the place of the one of the same id, or after all others.
///
/// # Errors
/// [`EditError::NotJson`], [`EditError::NotAnObject`], [`EditError::OtherId`].
pub fn put_scenario(document: &str, id: &ScenarioId, scenario: &str) -> Result<String, EditError> {
    let mut whole = object(document)?;
    let mut scenario = object(scenario)?;
    must_be_of(id, &scenario)?;
    scenario.insert("id".to_owned(), id.as_str().into());
    let scenarios = scenarios(&mut whole);
    match place(scenarios, id) {
        Some(at) => scenarios[at] = scenario.into(),
        None => scenarios.push(scenario.into()),
    }
    Ok(written(whole))
}

/// `document` with the members of `patch` in one scenario.
///
/// # Errors
/// Every [`EditError`].
pub fn merge_scenario(document: &str, id: &ScenarioId, patch: &str) -> Result<String, EditError> {
    let mut whole = object(document)?;
    let patch = object(patch)?;
    must_be_of(id, &patch)?;
    let scenarios = scenarios(&mut whole);
    let at = place(scenarios, id).ok_or(EditError::NoScenario)?;
    let scenario = scenarios[at]
        .as_object_mut()
        .ok_or(EditError::NotAnObject)?;
    merge(scenario, patch);
    Ok(written(whole))
}

/// `document` without one scenario. Its pool and its static numbers' records stay.
///
/// # Errors
/// [`EditError::NotJson`], [`EditError::NotAnObject`], [`EditError::NoScenario`].
pub fn remove_scenario(document: &str, id: &ScenarioId) -> Result<String, EditError> {
    let mut whole = object(document)?;
    let scenarios = scenarios(&mut whole);
    let at = place(scenarios, id).ok_or(EditError::NoScenario)?;
    scenarios.remove(at);
    Ok(written(whole))
}

/// One scenario as the document has it.
pub fn read_scenario(document: &str, id: &ScenarioId) -> Option<String> {
    let mut whole = object(document).ok()?;
    let scenarios = scenarios(&mut whole);
    let at = place(scenarios, id)?;
    serde_json::to_string_pretty(&scenarios[at]).ok()
}

fn object(text: &str) -> Result<Map<String, Value>, EditError> {
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(EditError::NotAnObject),
        Err(error) => Err(EditError::NotJson(error.into())),
    }
}

fn must_be_of(id: &ScenarioId, scenario: &Map<String, Value>) -> Result<(), EditError> {
    match scenario.get("id") {
        Some(other) if other.as_str() != Some(id.as_str()) => Err(EditError::OtherId),
        _ => Ok(()),
    }
}

/// The list of scenarios; an empty one where the document has none.
fn scenarios(whole: &mut Map<String, Value>) -> &mut Vec<Value> {
    let list = whole.entry("scenarios").or_insert(Value::Null);
    if !list.is_array() {
        *list = Value::Array(Vec::new());
    }
    let Value::Array(list) = list else {
        unreachable!("it was made a list just now");
    };
    list
}

fn place(scenarios: &[Value], id: &ScenarioId) -> Option<usize> {
    scenarios
        .iter()
        .position(|scenario| scenario["id"] == id.as_str())
}

fn merge(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.remove(&name);
            }
            Value::Object(members) => {
                let inner = target.entry(name).or_insert(Value::Null);
                if !inner.is_object() {
                    *inner = Value::Object(Map::new());
                }
                if let Value::Object(inner) = inner {
                    merge(inner, members);
                }
            }
            value => {
                target.insert(name, value);
            }
        }
    }
}

fn written(whole: Map<String, Value>) -> String {
    serde_json::to_string_pretty(&Value::Object(whole)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    const DOCUMENT: &str = r#"{"name":"Shop","retention":{"visit_days":9},
        "scenarios":[{"id":"a","priority":1},{"id":"b","mask":"X"}]}"#;

    fn check(outcome: Result<String, EditError>, expected: Expect) {
        let text = match outcome {
            Ok(text) => serde_json::from_str::<Value>(&text)
                .unwrap_or_default()
                .to_string(),
            Err(error) => format!("{error:?}"),
        };
        expected.assert_eq(&text);
    }

    fn id(text: &str) -> ScenarioId {
        ScenarioId::parse(text).unwrap_or_else(|_| unreachable!("an id"))
    }

    #[test]
    fn a_patch_changes_what_it_names() {
        check(
            merge_document(
                DOCUMENT,
                r#"{"name":null,"retention":{"call_days":7},"pools":[],"page":{"data_layer":true}}"#,
            ),
            expect![[
                r#"{"page":{"data_layer":true},"pools":[],"retention":{"call_days":7,"visit_days":9},"scenarios":[{"id":"a","priority":1},{"id":"b","mask":"X"}]}"#
            ]],
        );
        check(merge_document(DOCUMENT, "[]"), expect!["NotAnObject"]);
        let Err(EditError::NotJson(why)) = merge_document(DOCUMENT, "{") else {
            panic!("half an object is taken");
        };
        expect!["EOF while parsing an object at line 1 column 1"].assert_eq(&why.en);
    }

    #[test]
    fn scenarios_are_put_changed_and_taken_out() {
        let only = |text: Result<String, EditError>| {
            let text = text?;
            let whole: Value = serde_json::from_str(&text).map_err(|_| EditError::NotAnObject)?;
            Ok(whole["scenarios"].to_string())
        };
        check(
            only(put_scenario(DOCUMENT, &id("a"), r#"{"enabled":false}"#)),
            expect![[r#"[{"enabled":false,"id":"a"},{"id":"b","mask":"X"}]"#]],
        );
        check(
            only(put_scenario("{}", &id("new"), r#"{"id":"new"}"#)),
            expect![[r#"[{"id":"new"}]"#]],
        );
        check(
            only(merge_scenario(
                DOCUMENT,
                &id("b"),
                r#"{"mask":null,"priority":5}"#,
            )),
            expect![[r#"[{"id":"a","priority":1},{"id":"b","priority":5}]"#]],
        );
        check(
            only(remove_scenario(DOCUMENT, &id("a"))),
            expect![[r#"[{"id":"b","mask":"X"}]"#]],
        );
        check(
            put_scenario(DOCUMENT, &id("a"), r#"{"id":"b"}"#),
            expect!["OtherId"],
        );
        check(
            merge_scenario(DOCUMENT, &id("c"), "{}"),
            expect!["NoScenario"],
        );
        check(remove_scenario(DOCUMENT, &id("c")), expect!["NoScenario"]);
        assert_eq!(
            read_scenario(DOCUMENT, &id("a")).as_deref(),
            Some("{\n  \"id\": \"a\",\n  \"priority\": 1\n}")
        );
        assert_eq!(read_scenario(DOCUMENT, &id("c")), None);
    }
}
