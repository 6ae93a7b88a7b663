//! Any operation of the API by the name that `openapi.json` gives it, so that nothing the API can
//! do is out of reach of a terminal.

use super::{Session, read};
use crate::arguments::Api;
use crate::client::Call;
use crate::failure::Failure;
use crate::output::Output;
use crate::tables;
use crate::words::said;
use ringlet_core::api::openapi;
use ringlet_core::api::route::{ROUTES, RouteSpec};
use serde_json::{Value, json};

/// Every operation.
pub(super) fn list(output: &Output) -> Result<(), Failure> {
    let operation = |spec: &RouteSpec| {
        let method = spec.method.as_str();
        json!({ "name": openapi::name(spec), "method": method, "path": spec.path })
    };
    let operations: Vec<Value> = ROUTES.iter().map(operation).collect();
    output.show(&tables::OPERATIONS, &json!({ "operations": operations }))
}

/// One operation; its body goes to stdout as it comes.
pub(super) fn run(session: &Session, asked: &Api) -> Result<(), Failure> {
    let wanted = asked.operation.as_deref().unwrap_or_default();
    let spec = ROUTES
        .iter()
        .find(|spec| openapi::name(spec) == wanted)
        .ok_or_else(|| {
            Failure::Usage(said!(
                "no operation {wanted:?}: `ringlet api` lists them",
                "операции {wanted:?} нет: все называет `ringlet api`"
            ))
        })?;
    let count = spec.path.matches('{').count();
    let mut names: Vec<&str> = Vec::new();
    if spec.path.contains("{site}") {
        names.push(session.site()?);
    }
    names.extend(asked.names.iter().map(String::as_str));
    if names.len() != count {
        return Err(Failure::Usage(said!(
            "{} takes {count} names",
            "для {} нужно имён: {count}",
            spec.path
        )));
    }
    let body = asked.body.as_deref().map(read).transpose()?;
    let mut call = Call {
        spec,
        names,
        query: Vec::new(),
        if_match: asked.if_match.clone(),
        body: body.as_deref(),
    };
    for parameter in &asked.query {
        let (name, value) = parameter.split_once('=').ok_or_else(|| {
            Failure::Usage(said!(
                "{parameter:?} is no NAME=VALUE",
                "{parameter:?} не вида ИМЯ=ЗНАЧЕНИЕ"
            ))
        })?;
        call = call.with(name, Some(value));
    }
    let text = session.client.send(&call)?.text()?;
    if session.output.json {
        let told = match text.as_str() {
            "" => Ok(Value::Null),
            text => serde_json::from_str(text),
        };
        return match told {
            Ok(value) => session.output.value(&value),
            Err(_) => Err(Failure::Usage(said!(
                "this answer is no JSON: leave --json out",
                "этот ответ не JSON: уберите --json"
            ))),
        };
    }
    session.output.text(&text)?;
    if text.is_empty() || text.ends_with('\n') {
        Ok(())
    } else {
        session.output.text("\n")
    }
}
