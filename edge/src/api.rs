//! Small conversions between the core's forms and the API's.

use ringlet_core::api::problem::FaultAt;
use ringlet_core::site::Fault;

/// A fault of a configuration as the API tells it, in the reader's language.
pub(crate) fn fault_at(fault: &Fault, russian: bool) -> FaultAt {
    let said = |text: &ringlet_core::site::Text| {
        if russian {
            text.ru.clone()
        } else {
            text.en.clone()
        }
    };
    FaultAt {
        pointer: fault.pointer.clone(),
        code: fault.code.to_owned(),
        detail: format!("{} {}", said(&fault.message), said(&fault.help)),
    }
}
