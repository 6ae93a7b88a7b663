//! Why a command was not done: a refusal for the one who asked, or a fault of our own.

use crate::binding::fault::Fault;
use ringlet_core::api::problem::{Problem, ProblemCode};

/// Why a command was not done. Either way nothing of it is kept.
#[derive(Clone, Debug)]
pub(crate) enum Refused {
    /// The one who asked is told.
    Problem(Problem),
    /// The log is told; the one who asked hears that the edge failed.
    Fault(Fault),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<ProblemCode> for Refused {
    fn from(code: ProblemCode) -> Self {
        Self::Problem(Problem::new(code))
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<serde_json::Error> for Refused {
    fn from(error: serde_json::Error) -> Self {
        Self::Fault(error.into())
    }
}
