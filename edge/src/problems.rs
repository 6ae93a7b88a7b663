//! Faults of objects as refusals of requests.

use crate::binding::fault::Fault;
use crate::log::{Level, Line};
use ringlet_core::api::problem::{Problem, ProblemCode};

/// The refusal for an object that could not be asked. The log has the fault; the asker does not.
pub(crate) fn unavailable(fault: &Fault) -> Problem {
    let event = if fault.overloaded {
        "object_overloaded"
    } else {
        "object_failed"
    };
    Line::new(Level::Error, event).fault(&fault.message).write();
    Problem::new(ProblemCode::Unavailable)
}
