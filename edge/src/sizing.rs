//! `POST /api/v1/sizing`: the calculator, for everybody. It knows no site and stores nothing.

use crate::http::ask::Ask;
use crate::http::reply::{Handled, Reply};
use ringlet_core::api::problem::{FaultAt, Problem, ProblemCode};
use ringlet_core::api::route::RouteSpec;
use ringlet_core::api::unread::Unread;
use ringlet_core::calculator::{self, Question};

/// Answers one question.
///
/// # Errors
/// [`ProblemCode::UnsupportedMediaType`], [`ProblemCode::BodyTooLarge`], [`ProblemCode::NotJson`],
/// and [`ProblemCode::Unprocessable`] with every field that is out of bounds.
pub(crate) async fn handle(spec: &RouteSpec, ask: &Ask) -> Handled {
    crate::admin::must_be_of_its_kind(spec, ask)?;
    let body = ask.body(spec.body_bytes).await?;
    let question: Question = serde_json::from_slice(&body)
        .map_err(|fault| Problem::with_detail(ProblemCode::NotJson, Unread::from(fault)))?;
    let answered = calculator::answer(&question).map_err(|faults| {
        let faults = faults.into_iter().map(|fault| FaultAt {
            pointer: fault.pointer.to_owned(),
            code: "out_of_bounds".to_owned(),
            detail: match ask.prefers_russian() {
                true => fault.message_ru,
                false => fault.message,
            }
            .to_owned(),
        });
        Problem::with_faults(ProblemCode::Unprocessable, faults.collect())
    })?;
    let text = serde_json::to_string(&answered);
    Ok(Reply::json(
        200,
        text.map_err(|_| Problem::new(ProblemCode::Internal))?,
    ))
}
