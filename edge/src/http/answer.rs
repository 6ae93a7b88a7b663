//! How an object answers a command: JSON with 200, or a fault with 500 that the log has in full.

use crate::binding::fault::Fault;
use crate::log::{Level, Line};
use serde::de::DeserializeOwned;
use worker::{Request, Response, Result};

/// The answer to a command that this version does not know.
pub(crate) const UNKNOWN_COMMAND: u16 = 501;

/// Reads a command, has it done, answers.
///
/// # Errors
/// When the platform refuses to build a response.
pub(crate) async fn command<C: DeserializeOwned>(
    mut request: Request,
    handle: impl FnOnce(C) -> std::result::Result<String, Fault>,
) -> Result<Response> {
    let text = request.text().await?;
    let Ok(command) = serde_json::from_str(&text) else {
        return Response::error("unknown command", UNKNOWN_COMMAND);
    };
    outcome(handle(command))
}

/// The answer for an outcome.
///
/// # Errors
/// When the platform refuses to build a response.
pub(crate) fn outcome(outcome: std::result::Result<String, Fault>) -> Result<Response> {
    match outcome {
        Ok(text) => Response::ok(text),
        Err(fault) => {
            Line::new(Level::Error, "command_failed")
                .fault(&fault.message)
                .write();
            Response::error("the command failed", 500)
        }
    }
}
