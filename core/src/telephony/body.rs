//! Bodies of webhooks: forms and JSON, read strictly.
//!
//! A field given twice, bytes that are no UTF-8 and structure that does not close are refused with
//! a reason: two readers of one ambiguous body could understand two things. The whole body is at
//! most [`BODY_BYTES_MAX`], which bounds everything here.

use crate::api::unread::Unread;
use crate::site::Text;
use percent_encoding::percent_decode;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// The largest body a webhook may have.
pub const BODY_BYTES_MAX: usize = crate::limits::WEBHOOK_BODY_BYTES;

/// 200: the most fields of one form. Telephony forms have at most some sixty.
const FIELDS_MAX: usize = 200;

/// Why a body could not be read, in words for whoever set the provider up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable(pub(crate) Text);

impl Unreadable {
    /// For this reason, in English and Russian.
    pub(crate) fn new(en: impl Into<String>, ru: impl Into<String>) -> Self {
        Self(Text::of(en, ru))
    }

    /// The same of a part of the body.
    pub(crate) fn within(self, en: &str, ru: &str) -> Self {
        let Text {
            en: why,
            ru: russian,
        } = self.0;
        Self::new(format!("{en}: {why}"), format!("{ru}: {russian}"))
    }
}

fn unreadable<T>(en: impl Into<String>, ru: impl Into<String>) -> Result<T, Unreadable> {
    Err(Unreadable::new(en, ru))
}

fn too_many_fields<T>() -> Result<T, Unreadable> {
    unreadable(
        format!("more than {FIELDS_MAX} fields"),
        format!("больше {FIELDS_MAX} полей"),
    )
}

/// Fields of a form in the order they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    /// Name and value, decoded.
    pub(crate) pairs: Vec<(String, String)>,
}

impl Form {
    /// The value of `name`; an empty value is none.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The value of the first of `names` that has one.
    pub(crate) fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.get(name))
    }

    /// The value of `name`, or nothing at all; for what is signed, where empty counts.
    pub(crate) fn or_empty(&self, name: &str) -> &str {
        self.get(name).unwrap_or("")
    }

    /// Refuses a field given twice.
    pub(crate) fn without_duplicates(self) -> Result<Self, Unreadable> {
        let mut names: Vec<&str> = self.pairs.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return unreadable(
                format!("field {:?} is given twice", pair[0]),
                format!("поле {:?} повторяется", pair[0]),
            );
        }
        Ok(self)
    }

    /// Everything but `known`, as text.
    pub(crate) fn extra(&self, known: &[&str]) -> BTreeMap<String, String> {
        self.pairs
            .iter()
            .filter(|(name, _)| !known.contains(&name.as_str()))
            .cloned()
            .collect()
    }
}

/// Reads `a=1&b=2`.
pub(crate) fn urlencoded(bytes: &[u8]) -> Result<Form, Unreadable> {
    let mut form = Form::default();
    for pair in bytes.split(|byte| *byte == b'&') {
        if pair.is_empty() {
            continue;
        }
        let at = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = at.map_or((pair, &b""[..]), |at| (&pair[..at], &pair[at + 1..]));
        let (name, value) = (decode(name)?, decode(value)?);
        form.pairs.push((name, value));
        if form.pairs.len() > FIELDS_MAX {
            return too_many_fields();
        }
    }
    Ok(form)
}

fn decode(bytes: &[u8]) -> Result<String, Unreadable> {
    let spaced: Vec<u8> = bytes
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    match percent_decode(&spaced).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => unreadable("a field is not UTF-8", "поле не в UTF-8"),
    }
}

/// Reads `multipart/form-data` by the boundary that the body itself begins with: what the header
/// says of it is known to be wrong at times (Zadarma's own Node client works around it).
pub(crate) fn multipart(bytes: &[u8]) -> Result<Form, Unreadable> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return unreadable(
            "the multipart body is not UTF-8",
            "составное тело не в UTF-8",
        );
    };
    let text = text.trim_start_matches(['\r', '\n']);
    let boundary = text.lines().next().unwrap_or("").trim_end();
    if !boundary.starts_with("--") || boundary.len() < 3 {
        return unreadable(
            "the multipart body begins with no boundary",
            "составное тело начинается не с границы",
        );
    }
    let mut form = Form::default();
    let mut closed = false;
    for part in split_parts(text, boundary) {
        if part.starts_with("--") {
            closed = true;
            break;
        }
        form.pairs.push(read_part(part)?);
        if form.pairs.len() > FIELDS_MAX {
            return too_many_fields();
        }
    }
    if !closed {
        return unreadable(
            "the multipart body does not end with its boundary",
            "составное тело не кончается границей",
        );
    }
    Ok(form)
}

/// What stands between lines that begin with `boundary`.
fn split_parts<'a>(text: &'a str, boundary: &str) -> Vec<&'a str> {
    let mut starts = vec![];
    let mut from = 0;
    while let Some(at) = text[from..].find(boundary).map(|at| at + from) {
        if at == 0 || text[..at].ends_with('\n') {
            starts.push(at);
        }
        from = at + boundary.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| &text[start + boundary.len()..end])
        .collect()
}

fn read_part(part: &str) -> Result<(String, String), Unreadable> {
    let part = part.strip_prefix('\r').unwrap_or(part);
    let Some(part) = part.strip_prefix('\n') else {
        return unreadable(
            "a multipart boundary is followed by something else",
            "за границей составного тела стоит не то",
        );
    };
    let (head, value) = match (part.find("\r\n\r\n"), part.find("\n\n")) {
        (Some(at), other) if other.is_none_or(|other| at < other) => (&part[..at], &part[at + 4..]),
        (_, Some(at)) => (&part[..at], &part[at + 2..]),
        _ => {
            return unreadable(
                "a multipart field has no empty line before its value",
                "в поле составного тела нет пустой строки перед значением",
            );
        }
    };
    let name = head
        .lines()
        .filter(|line| {
            line.to_ascii_lowercase()
                .starts_with("content-disposition:")
        })
        .find_map(|line| {
            let at = line.find("name=\"")? + 6;
            let end = line[at..].find('"')?;
            Some(line[at..at + end].to_owned())
        });
    let Some(name) = name else {
        return unreadable(
            "a multipart field has no name",
            "у поля составного тела нет имени",
        );
    };
    let value = value.strip_suffix('\n').unwrap_or(value);
    let value = value.strip_suffix('\r').unwrap_or(value);
    Ok((name, value.to_owned()))
}

/// Reads JSON in which no object has a key twice.
pub(crate) fn json(bytes: &[u8]) -> Result<Value, Unreadable> {
    if std::str::from_utf8(bytes).is_err() {
        return unreadable("the JSON is not UTF-8", "JSON не в UTF-8");
    }
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    match serde_json::from_slice::<StrictJson>(bytes) {
        Ok(value) => Ok(value.0),
        Err(error) => {
            let Unread { en, ru } = Unread::from(error);
            unreadable(format!("not JSON: {en}"), format!("не JSON: {ru}"))
        }
    }
}

/// Reads a flat JSON object as a form: nested values keep their path (`from.number`), lists are
/// kept as JSON text, `null` is an empty value.
pub(crate) fn flatten(value: &Value) -> Result<Form, Unreadable> {
    let Value::Object(_) = value else {
        return unreadable("the JSON is not an object", "JSON не объект");
    };
    let mut form = Form::default();
    flatten_into(&mut form, String::new(), value)?;
    Ok(form)
}

fn flatten_into(form: &mut Form, path: String, value: &Value) -> Result<(), Unreadable> {
    let text = match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                flatten_into(form, path, member)?;
            }
            return Ok(());
        }
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => value.to_string(),
    };
    form.pairs.push((path, text));
    if form.pairs.len() > FIELDS_MAX {
        return too_many_fields();
    }
    Ok(())
}

/// Reads whatever flat form `bytes` hold, by the content type and, where that is missing or plainly
/// wrong, by the first byte.
pub(crate) fn any_form(content_type: &str, bytes: &[u8]) -> Result<Form, Unreadable> {
    let kind = content_type.to_ascii_lowercase();
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let form = if first == Some(&b'{') {
        flatten(&json(bytes)?)?
    } else if kind.starts_with("multipart/") || bytes.starts_with(b"--") {
        multipart(bytes)?
    } else if kind.contains("json") {
        return unreadable(
            "the content type says JSON and the body is no object",
            "тип содержимого JSON, а тело не объект",
        );
    } else {
        urlencoded(bytes)?
    };
    if form.pairs.is_empty() {
        return unreadable("the body has no fields", "в теле нет полей");
    }
    Ok(form)
}

struct StrictJson(Value);

impl<'de> Deserialize<'de> for StrictJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(StrictJson)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = vec![];
        while let Some(StrictJson(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = serde_json::Map::new();
        while let Some((name, StrictJson(member))) = members.next_entry::<String, _>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom(format!("key {name:?} is given twice")));
            }
            object.insert(name, member);
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    fn check(result: Result<Form, Unreadable>, expected: Expect) {
        let shown = match result {
            Ok(form) => form
                .pairs
                .iter()
                .map(|(name, value)| format!("{name}={value:?}"))
                .collect::<Vec<_>>()
                .join(" "),
            Err(Unreadable(why)) => format!("refused: {}", why.en),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn forms() {
        check(
            urlencoded(b"a=1&b=%2B7+9&c&=x"),
            expect![[r#"a="1" b="+7 9" c="" ="x""#]],
        );
        check(
            urlencoded(b"a=%FF"),
            expect!["refused: a field is not UTF-8"],
        );
        check(
            urlencoded(b"a=1&a=2").and_then(Form::without_duplicates),
            expect![[r#"refused: field "a" is given twice"#]],
        );
        check(
            urlencoded(&b"a=1&".repeat(201)),
            expect!["refused: more than 200 fields"],
        );
    }

    #[test]
    fn multipart_by_its_own_boundary() {
        let body = "--real\r\nContent-Disposition: form-data; name=\"event\"\r\n\r\n\
                    NOTIFY_START\r\n\
                    --real\r\ncontent-disposition: form-data; name=\"x\"\r\nX: y\r\n\r\n\
                    a\r\nb--real\r\n\
                    --real--\r\n";
        check(
            any_form("multipart/form-data; boundary=other", body.as_bytes()),
            expect![[r#"event="NOTIFY_START" x="a\r\nb--real""#]],
        );
        check(
            multipart(b"--b\nContent-Disposition: form-data; name=\"x\"\n\n1\n--b--"),
            expect![[r#"x="1""#]],
        );
        check(
            multipart(b"--b\r\nname\r\n\r\n1\r\n--b--"),
            expect!["refused: a multipart field has no name"],
        );
        check(
            multipart(b"--b\nContent-Disposition: form-data; name=\"x\"\n\n1\n"),
            expect!["refused: the multipart body does not end with its boundary"],
        );
        check(
            multipart(b"hello"),
            expect!["refused: the multipart body begins with no boundary"],
        );
        check(
            multipart(b"--"),
            expect!["refused: the multipart body begins with no boundary"],
        );
    }

    #[test]
    fn json_bodies() {
        check(
            any_form("", br#" {"a":{"b":1,"c":null},"d":[1,2],"e":"x"}"#),
            expect![[r#"a.b="1" a.c="" d="[1,2]" e="x""#]],
        );
        check(
            any_form("application/json", br#"{"a":1,"a":2}"#),
            expect![[r#"refused: not JSON: key "a" is given twice at line 1 column 13"#]],
        );
        check(
            any_form("application/json", b"a=1"),
            expect!["refused: the content type says JSON and the body is no object"],
        );
        check(
            any_form("", b""),
            expect!["refused: the body has no fields"],
        );
        let deep = "[".repeat(60_000);
        check(
            json(deep.as_bytes()).and_then(|value| flatten(&value)),
            expect!["refused: not JSON: recursion limit exceeded at line 1 column 128"],
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            kind in "(multipart/form-data; boundary=[a-z]{1,3}|application/json|[a-z/]{0,20})",
        ) {
            let _ = any_form(&kind, &bytes);
            let _ = multipart(&bytes);
            let _ = json(&bytes);
        }

        #[test]
        fn any_multipart_like_text_is_read_or_refused(
            text in "--b(\r?\n|--|Content-Disposition: form-data; name=\"x\"|\r\n\r\n|v|--b){0,12}"
        ) {
            let _ = multipart(text.as_bytes());
        }

        #[test]
        fn written_forms_are_read_back(
            pairs in proptest::collection::vec((".{1,8}", ".{0,12}"), 1..8)
        ) {
            use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
            let text = pairs
                .iter()
                .map(|(name, value)| {
                    let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
                    let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
                    format!("{name}={value}")
                })
                .collect::<Vec<_>>()
                .join("&");
            prop_assert_eq!(urlencoded(text.as_bytes()).map(|form| form.pairs), Ok(pairs));
        }
    }
}
