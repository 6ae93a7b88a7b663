//! Why a body could not be read, in English as the reader says it and in Russian.
//!
//! The reader of JSON knows one language. Its words have few forms (`serde::de::Error`), which are
//! told in Russian here; of what has another form the Russian tells the place alone.

use crate::site::Text;

/// Why a body could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// As the reader says it.
    pub en: String,
    /// In Russian.
    pub ru: String,
}

impl From<serde_json::Error> for Unread {
    fn from(error: serde_json::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&serde_json::Error> for Unread {
    fn from(error: &serde_json::Error) -> Self {
        let en = error.to_string();
        let (line, column) = (error.line(), error.column());
        let place = format!(" at line {line} column {column}");
        let said = en.strip_suffix(&place).unwrap_or(&en);
        let mut ru = if error.is_data() {
            in_russian(said)
        } else {
            "это не JSON".to_owned()
        };
        if line > 0 {
            ru = format!("{ru}: строка {line}, знак {column}");
        }
        Self { en, ru }
    }
}

impl From<Unread> for Text {
    fn from(Unread { en, ru }: Unread) -> Self {
        Self { en, ru }
    }
}

/// What the reader says of a value, in Russian.
fn in_russian(said: &str) -> String {
    let (what, wanted) = said.split_once(", ").unwrap_or((said, ""));
    let of = |start| what.strip_prefix(start);
    let known = || match quoted(wanted) {
        known if known.is_empty() => String::new(),
        known => format!("; есть: {known}"),
    };
    if let Some(name) = of("missing field ") {
        format!("нет поля {name}")
    } else if let Some(name) = of("unknown field ") {
        format!("поля {name} здесь нет{}", known())
    } else if let Some(name) = of("unknown variant ") {
        format!("значения {name} здесь нет{}", known())
    } else if let Some(name) = of("duplicate field ") {
        format!("поле {name} повторяется")
    } else if let Some(name) = of("key ").and_then(|rest| rest.strip_suffix(" is given twice")) {
        format!("ключ {name} повторяется")
    } else {
        "значение не того вида".to_owned()
    }
}

/// The words in backquotes.
fn quoted(text: &str) -> String {
    let words = text.split('`').skip(1).step_by(2);
    words
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Role {
        Admin,
        Viewer,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "it is only read")]
    struct Body {
        name: String,
        role: Role,
    }

    #[derive(Debug, Deserialize)]
    #[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
    enum Tagged {
        Go {},
    }

    fn check(text: &str, expected: Expect) {
        let read = serde_json::from_str::<Body>(text);
        let Unread { en, ru } = read.expect_err("it is refused").into();
        expected.assert_eq(&format!("{en}\n{ru}\n"));
    }

    #[test]
    fn what_the_reader_says_is_told_in_both_languages() {
        check(
            r#"{"role":"admin"}"#,
            expect![[r#"
                missing field `name` at line 1 column 16
                нет поля `name`: строка 1, знак 16
            "#]],
        );
        check(
            r#"{"name":"x","role":"owner"}"#,
            expect![[r#"
                unknown variant `owner`, expected `admin` or `viewer` at line 1 column 26
                значения `owner` здесь нет; есть: `admin`, `viewer`: строка 1, знак 26
            "#]],
        );
        check(
            r#"{"name":"x","age":1}"#,
            expect![[r#"
                unknown field `age`, expected `name` or `role` at line 1 column 17
                поля `age` здесь нет; есть: `name`, `role`: строка 1, знак 17
            "#]],
        );
        check(
            r#"{"name":"x","name":"y"}"#,
            expect![[r#"
                duplicate field `name` at line 1 column 18
                поле `name` повторяется: строка 1, знак 18
            "#]],
        );
        check(
            "{\n\"name\":7}",
            expect![[r#"
                invalid type: integer `7`, expected a string at line 2 column 8
                значение не того вида: строка 2, знак 8
            "#]],
        );
        check(
            "{",
            expect![[r#"
                EOF while parsing an object at line 1 column 1
                это не JSON: строка 1, знак 1
            "#]],
        );
        check(
            "no",
            expect![[r#"
                expected ident at line 1 column 2
                это не JSON: строка 1, знак 2
            "#]],
        );
    }

    #[test]
    fn a_value_without_a_place_is_told_without_one() {
        let error = serde_json::from_str::<Tagged>(r#"{"action":"stay"}"#);
        let Unread { ru, .. } = error.expect_err("it is refused").into();
        assert!(
            ru.starts_with("значения `stay` здесь нет; есть: `go`"),
            "{ru}"
        );
    }
}
