//! Why a command was not done, in words and as an exit code.

use serde_json::Value;
use std::fmt;
use std::io::Write as _;

/// Why a command was not done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was asked for cannot be: the arguments say too little or contradict each other.
    Usage(String),
    /// A file of this machine could not be read or written.
    Local(String),
    /// The edge refused; the whole `application/problem+json`.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The problem document; null if the answer was something else.
        problem: Value,
    },
    /// No answer came.
    Unreachable(String),
    /// `check` found something; it is printed already.
    Faulty,
}

impl Failure {
    /// A failure with a file of this machine.
    pub(crate) fn local(what: &str, error: impl fmt::Display) -> Self {
        Self::Local(format!("{what}: {error}"))
    }

    /// The exit code: 1 this machine, 2 arguments, 3 not allowed, 4 not found, 5 changed by
    /// somebody else, 6 refused for what it says, 7 the edge failed or is out of reach, 8 a check
    /// found faults.
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

    /// Says it on stderr; a refusal as the problem document itself if `as_json`.
    pub(crate) fn tell(&self, as_json: bool) {
        let mut stderr = std::io::stderr().lock();
        // Nobody is left to tell that nobody can be told.
        let _ = match self {
            Self::Faulty => Ok(()),
            Self::Refused { problem, .. } if as_json && problem.is_object() => {
                writeln!(stderr, "{problem}")
            }
            _ => writeln!(stderr, "error: {self}"),
        };
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Local(text) | Self::Unreachable(text) => {
                formatter.write_str(text)
            }
            Self::Faulty => formatter.write_str("faults were found"),
            Self::Refused { status, problem } => {
                let text = |name: &str| problem[name].as_str().unwrap_or_default();
                if !problem.is_object() {
                    return write!(
                        formatter,
                        "the address answered {status}, not as Ringlet does"
                    );
                }
                write!(formatter, "{} ({}, {status})", text("title"), text("code"))?;
                if !text("detail").is_empty() {
                    write!(formatter, ": {}", text("detail"))?;
                }
                for fault in problem["faults"].as_array().into_iter().flatten() {
                    let text = |name: &str| fault[name].as_str().unwrap_or_default();
                    let pointer = match text("pointer") {
                        "" => "/",
                        pointer => pointer,
                    };
                    write!(
                        formatter,
                        "\n  {pointer} {}: {}",
                        text("code"),
                        text("detail")
                    )?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringlet_core::api::problem::ProblemCode;
    use serde_json::json;

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
        assert_eq!(failure.to_string(), text);
    }
}
