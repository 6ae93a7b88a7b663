//! Why a command was not done, in words and as an exit code.

use crate::words::{Reason, Text, chosen, said};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;

/// Why a command was not done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was asked for cannot be: the arguments say too little or contradict each other.
    Usage(Text),
    /// A file of this machine could not be read or written.
    Local(Text),
    /// The edge refused; the whole `application/problem+json`.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The problem document; null if the answer was something else.
        problem: Value,
    },
    /// No answer came.
    Unreachable(Text),
    /// `check` found something; it is printed already.
    Faulty,
    /// Some of what was given was refused and the rest done; both are printed already.
    Partly,
}

impl Failure {
    /// A failure with a file of this machine.
    pub(crate) fn local(what: &str, error: impl Reason) -> Self {
        let Text { en, ru } = error.words();
        Self::Local(Text {
            en: format!("{what}: {en}"),
            ru: format!("{what}: {ru}"),
        })
    }

    /// An answer that is none of Ringlet's.
    pub(crate) fn foreign(status: u16) -> Self {
        Self::Refused {
            status,
            problem: Value::Null,
        }
    }

    /// The exit code: 1 this machine, 2 arguments, 3 not allowed, 4 not found, 5 changed by
    /// somebody else, 6 refused for what it says, or some of it, 7 the edge failed or is out of
    /// reach, or is none, 8 a check found faults.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Local(_) => 1,
            Self::Usage(_) => 2,
            Self::Refused { status, .. } => match status {
                401 | 403 => 3,
                404 | 405 => 4,
                409 | 412 | 428 => 5,
                400 | 413 | 415 | 422 => 6,
                _ => 7,
            },
            Self::Partly => 6,
            Self::Unreachable(_) => 7,
            Self::Faulty => 8,
        }
    }

    /// Whether the same request may succeed a little later.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_)
                | Self::Refused {
                    status: 429 | 503,
                    ..
                }
        )
    }

    /// Says it on stderr: in words, or as a problem document if `as_json`. What is printed already
    /// is not said again in words.
    pub(crate) fn tell(&self, as_json: bool, russian: bool) {
        let mut stderr = std::io::stderr().lock();
        // Nobody is left to tell that nobody can be told.
        let _ = match self {
            _ if as_json => writeln!(stderr, "{}", self.document(russian)),
            Self::Faulty | Self::Partly => Ok(()),
            _ => {
                let text = self.words(russian);
                let error = if russian { "ошибка" } else { "error" };
                writeln!(stderr, "{error}: {text}")
            }
        };
    }

    /// As a problem document: the edge's own, or one of the same form.
    pub(crate) fn document(&self, russian: bool) -> Value {
        let code = match self {
            Self::Refused { problem, .. } if problem.is_object() => return problem.clone(),
            Self::Refused { .. } => "no_ringlet",
            Self::Usage(_) => "usage",
            Self::Local(_) => "local",
            Self::Unreachable(_) => "unreachable",
            Self::Faulty => "faults_found",
            Self::Partly => "partly_refused",
        };
        json!({ "title": self.words(russian), "code": code, "exit": self.code() })
    }

    /// In words.
    pub(crate) fn words(&self, russian: bool) -> String {
        let of = |text: &Text| chosen(text, russian).to_owned();
        match self {
            Self::Usage(text) | Self::Local(text) | Self::Unreachable(text) => of(text),
            Self::Faulty => of(&said!("faults were found", "найдены неисправности")),
            Self::Partly => of(&said!(
                "some of what was given was refused",
                "часть переданного не принята"
            )),
            Self::Refused { status, problem } if !problem.is_object() => of(&said!(
                "the address answered {status}, not as Ringlet does",
                "адрес ответил {status}, но это не Ringlet"
            )),
            Self::Refused { status, problem } => refusal(*status, problem),
        }
    }
}

/// A refusal and all its faults.
fn refusal(status: u16, problem: &Value) -> String {
    let text = |name: &str| problem[name].as_str().unwrap_or_default();
    let mut said = format!("{} ({}, {status})", text("title"), text("code"));
    if !text("detail").is_empty() {
        let _ = write!(said, ": {}", text("detail"));
    }
    for fault in problem["faults"].as_array().into_iter().flatten() {
        let text = |name: &str| fault[name].as_str().unwrap_or_default();
        let pointer = match text("pointer") {
            "" => "/",
            pointer => pointer,
        };
        let (code, detail) = (text("code"), text("detail"));
        let _ = write!(said, "\n  {pointer} {code}: {detail}");
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringlet_core::api::problem::ProblemCode;

    #[test]
    fn every_refusal_has_a_code_of_its_kind() {
        for code in ProblemCode::ALL {
            let failure = Failure::Refused {
                status: code.status(),
                problem: Value::Null,
            };
            let expected = match code.status() {
                401 | 403 => 3,
                404 | 405 => 4,
                409 | 412 | 428 => 5,
                429 | 500.. => 7,
                _ => 6,
            };
            assert_eq!(failure.code(), expected, "{}", code.as_str());
        }
    }

    #[test]
    fn faults_are_listed_with_their_places() {
        let failure = Failure::Refused {
            status: 422,
            problem: json!({
                "title": "The configuration has faults", "code": "config_faults",
                "faults": [{"pointer": "/name", "code": "wrong_type", "detail": "No text."}],
            }),
        };
        let text = "The configuration has faults (config_faults, 422)\n  \
                    /name wrong_type: No text.";
        assert_eq!(failure.words(false), text);
    }

    #[test]
    fn what_is_no_refusal_of_the_edge_has_a_document_of_the_same_form() {
        let usage = Failure::Usage(said!("say which", "укажите, какой"));
        let expected = json!({ "title": "укажите, какой", "code": "usage", "exit": 2 });
        assert_eq!(usage.document(true), expected);
        let other = Failure::foreign(200);
        let title = "the address answered 200, not as Ringlet does";
        let expected = json!({ "title": title, "code": "no_ringlet", "exit": 7 });
        assert_eq!(other.document(false), expected);
    }
}
