//! The API's description (OpenAPI 3.1), made from the table of routes.
//!
//! Paths, methods, who may ask, limits and refusals come from [`super::route::ROUTES`] and
//! [`super::problem::ProblemCode`]: what is served and what is described cannot differ. Schemas
//! give the members a reader may rely on; more may be there, because unknown ones are ignored.

use super::parameter::queries;
use super::problem::ProblemCode;
use super::route::{Access, ROUTES, Route, RouteSpec};
use super::schema;
use serde_json::{Map, Value, json};

/// What holds for every route.
const DESCRIPTION: &str = "\
HEAD is answered as GET without the body, and a method that a path does not have with 405 and \
`Allow`. A body where none is described is not read. \
Under `/api/` a query parameter that is not described is refused (400), so that a filter that is \
misspelt never answers with everything; members of an answer that are not described may be \
ignored. Refusals are `application/problem+json`, in Russian with `Accept-Language: ru`; what each \
means and what to do stands at `/problems`. \
Only pages of a site's own origins may read what a browser asks of another origin (CORS): those \
tagged `pages`, and no route that takes a key.";

/// The whole document.
pub fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for spec in ROUTES {
        let item = paths.entry(spec.path).or_insert_with(|| json!({}));
        item[spec.method.as_str().to_lowercase()] = operation(spec);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Ringlet",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Dynamic call tracking that a site owner runs himself",
            "description": DESCRIPTION,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The deployer's token, or a key of the site.",
                },
            },
            "schemas": schema::all(),
        },
    })
}

/// The document as it is committed: indented, with a line end.
pub fn text() -> String {
    let text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    format!("{text}\n")
}

fn operation(spec: &RouteSpec) -> Value {
    let (summary, answer) = told(spec.route);
    let mut responses = Map::new();
    let success = match answer {
        Answer::Json(status, name) => {
            let content = json!({ "application/json": { "schema": schema::reference(name) } });
            (
                status,
                json!({ "description": "Done.", "content": content }),
            )
        }
        Answer::Text(kinds) => {
            let content: Map<String, Value> = kinds
                .iter()
                .map(|kind| ((*kind).to_owned(), json!({})))
                .collect();
            (200, json!({ "description": "Done.", "content": content }))
        }
        Answer::Nothing => (
            204,
            json!({ "description": "Done; there is nothing to say." }),
        ),
    };
    responses.insert(success.0.to_string(), success.1);
    if matches!(spec.route, Route::Amp) {
        let none = json!({ "description": "No number for this visitor: the page's own stays." });
        responses.insert("204".to_owned(), none);
    }
    if has_etag(spec.route) {
        let same = json!({ "description": "It is still what `If-None-Match` names." });
        responses.insert("304".to_owned(), same);
    }
    if matches!(spec.route, Route::Import) {
        let content = json!({ "application/json": { "schema": schema::reference("Imported") } });
        let staged =
            json!({ "description": "The part is here; send the others.", "content": content });
        responses.insert("202".to_owned(), staged);
    }
    if matches!(spec.route, Route::ConfigWrite) {
        let content = json!({ "application/json": { "schema": schema::reference("Version") } });
        let created = json!({ "description": "The site is new.", "content": content });
        responses.insert("201".to_owned(), created);
    }
    for code in refusals(spec) {
        let mut response = json!({
            "description": code.title(),
            "content": {
                "application/problem+json": { "schema": schema::reference("Problem") },
            },
        });
        if code == ProblemCode::TooManyRequests {
            response["headers"] = json!({ "Retry-After": {
                "description": "Seconds to wait.", "schema": { "type": "integer" },
            } });
        }
        responses.insert(code.status().to_string(), response);
    }
    let mut operation = json!({
        "operationId": name(spec),
        "summary": summary,
        "tags": [tag(spec.access)],
        "parameters": parameters(spec),
        "responses": responses,
    });
    if spec.body_bytes > 0 {
        let kinds = match spec.media_types() {
            [] if spec.access == Access::Page => &["text/plain"],
            [] => &["application/json"],
            kinds => kinds,
        };
        let schema = asked(spec.route).map_or_else(|| json!({}), schema::reference);
        let content: Map<String, Value> = kinds
            .iter()
            .map(|kind| ((*kind).to_owned(), json!({ "schema": schema })))
            .collect();
        operation["requestBody"] = json!({
            "required": true,
            "description": format!("At most {} bytes.", spec.body_bytes),
            "content": content,
        });
        operation["x-body-bytes"] = spec.body_bytes.into();
    }
    operation["x-access"] = word(spec.access).into();
    if spec.access.takes_key() {
        operation["security"] = json!([{ "bearer": [] }]);
    }
    operation
}

/// A name for each operation: that of its route, with what tells two rows of one route apart.
pub fn name(spec: &RouteSpec) -> String {
    let name = serde_json::to_value(spec.route).unwrap_or_default();
    let name = name.as_str().unwrap_or_default().to_owned();
    let same = ROUTES
        .iter()
        .filter(|other| other.route == spec.route)
        .count();
    if same == 1 {
        return name;
    }
    let mut name = format!("{name}_{}", spec.method.as_str().to_lowercase());
    // Addresses of one route differ by what stands after the provider's name.
    for part in spec
        .path
        .rsplit("{provider}")
        .next()
        .unwrap_or_default()
        .split('/')
    {
        if let Some(part) = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'))
        {
            name.push_str("_with_");
            name.push_str(part);
        }
    }
    name
}

const fn tag(access: Access) -> &'static str {
    match access {
        Access::Public => "public",
        Access::Page => "pages",
        Access::Provider => "telephony",
        _ => "administration",
    }
}

/// Who may ask, as the description tells it in `x-access`.
const fn word(access: Access) -> &'static str {
    match access {
        Access::Public => "anybody",
        Access::Page => "page",
        Access::Provider => "provider",
        Access::Telephony => "telephony",
        Access::Viewer => "viewer",
        Access::Admin => "admin",
        Access::StockViewer => "stock_viewer",
        Access::StockAdmin => "stock_admin",
        Access::Deployer => "deployer",
    }
}

/// The schema of a body, where one tells more than the page on configuration does.
const fn asked(route: Route) -> Option<&'static str> {
    match route {
        Route::SiteCreate | Route::ConfigWrite | Route::ConfigCheck => Some("Config"),
        Route::ConfigPatch | Route::ScenarioWrite | Route::ScenarioPatch => Some("Object"),
        Route::NumberAct => Some("NumberAction"),
        Route::KeyCreate | Route::StockKeyCreate => Some("NewKey"),
        Route::StockChange => Some("StockChange"),
        Route::Sizing => Some("SizingQuestion"),
        Route::DelayWrite => Some("DelayTable"),
        _ => None,
    }
}

/// Whether what was read once is not sent again.
const fn has_etag(route: Route) -> bool {
    matches!(
        route,
        Route::ConfigRead
            | Route::VersionRead
            | Route::ScenarioRead
            | Route::Script
            | Route::AgentPart
            | Route::OpenApi
    )
}

fn parameters(spec: &RouteSpec) -> Vec<Value> {
    let in_path = spec.path.split('/').filter_map(|part| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        Some(json!({
            "name": name,
            "in": "path",
            "required": true,
            "schema": { "type": "string" },
        }))
    });
    let mut parameters: Vec<Value> = in_path.collect();
    for (name, text) in queries(spec.route) {
        parameters.push(json!({
            "name": name,
            "in": "query",
            "description": text,
            "schema": { "type": "string" },
        }));
    }
    const KEY: (&str, &str) = (
        "Idempotency-Key",
        "The same request with the same key is done once and gets the same answer for a day.",
    );
    let headers: &[(&str, &str)] = match spec.route {
        Route::ConfigWrite | Route::VersionRevert => {
            &[("If-Match", "The ETag of the version to replace."), KEY]
        }
        Route::NumberAct
        | Route::ConfigPatch
        | Route::ScenarioWrite
        | Route::ScenarioPatch
        | Route::ScenarioDelete => &[
            (
                "If-Match",
                "The ETag of the version to change; the one in force without it.",
            ),
            KEY,
        ],
        Route::SiteCreate
        | Route::CallCorrect
        | Route::Replay
        | Route::KeyRevoke
        | Route::StockKeyRevoke
        | Route::KeptEventRetry
        | Route::DeliverySend
        | Route::StockKeep
        | Route::DelayWrite
        | Route::StockChange => &[KEY],
        Route::KeyCreate | Route::StockKeyCreate => &[(
            "Idempotency-Key",
            "The same key makes no second one; the token is told once, then it is 409.",
        )],
        Route::Import => &[(
            "Idempotency-Key",
            "Names the import where `upload` does not.",
        )],
        route if has_etag(route) => &[(
            "If-None-Match",
            "An ETag; the same thing is not sent again.",
        )],
        _ => &[],
    };
    for (name, text) in headers {
        parameters.push(json!({
            "name": name,
            "in": "header",
            "description": text,
            "schema": { "type": "string" },
        }));
    }
    parameters
}

/// Every reason for which a route may refuse.
fn refusals(spec: &RouteSpec) -> Vec<ProblemCode> {
    use ProblemCode as P;
    let mut codes = match spec.access {
        Access::Public => vec![],
        Access::Page if spec.body_bytes == 0 => vec![P::WrongOrigin, P::UnknownSite],
        Access::Page => vec![P::NotJson, P::WrongOrigin, P::UnknownSite],
        Access::Provider => vec![P::NotJson, P::Unauthorized],
        Access::Deployer if !spec.path.contains("{site}") => vec![P::Unauthorized],
        Access::StockViewer => vec![P::Unauthorized],
        Access::StockAdmin => vec![P::Unauthorized, P::Forbidden],
        // Every key opens it.
        Access::Telephony => vec![P::Unauthorized, P::UnknownSite],
        Access::Viewer | Access::Admin | Access::Deployer => {
            vec![P::Unauthorized, P::Forbidden, P::UnknownSite]
        }
    };
    match spec.route {
        Route::Script => codes.push(P::UnknownSite),
        Route::AgentPart | Route::Amp => codes.push(P::NotFound),
        Route::ConfigWrite | Route::VersionRevert => {
            codes.extend([P::Stale, P::ConfigFaults, P::VersionNeeded, P::Conflict]);
        }
        Route::SiteCreate => codes.extend([P::NotJson, P::Conflict, P::ConfigFaults]),
        Route::ConfigCheck => codes.extend([P::NotJson, P::ConfigFaults]),
        Route::ConfigPatch
        | Route::ScenarioWrite
        | Route::ScenarioPatch
        | Route::ScenarioDelete => {
            codes.extend([P::NotJson, P::Stale, P::ConfigFaults, P::Conflict]);
        }
        Route::VersionDiff => codes.push(P::Unprocessable),
        Route::ConfigImport => codes.extend([P::NotJson, P::ConfigFaults, P::Unprocessable]),
        Route::NumberAct => {
            codes.extend([P::NotJson, P::Unprocessable, P::Conflict, P::Stale]);
        }
        Route::Import => codes.extend([P::NotJson, P::Unprocessable, P::Conflict]),
        Route::KeyCreate => codes.extend([P::NotJson, P::BadParameter, P::Conflict]),
        Route::StockKeyCreate => {
            codes.extend([P::NotJson, P::BadParameter, P::Conflict, P::NotFound]);
        }
        Route::KeyRevoke | Route::StockKeyRevoke | Route::StockKeep => {
            codes.extend([P::BadParameter, P::Conflict]);
        }
        Route::Export => codes.push(P::Conflict),
        Route::CallCorrect | Route::Replay | Route::DelayWrite => {
            codes.extend([P::NotJson, P::Unprocessable, P::Conflict]);
        }
        Route::KeptEventRetry => {
            codes.extend([P::NotFound, P::Unprocessable, P::BadParameter, P::Conflict]);
        }
        Route::DeliverySend => codes.extend([P::NotFound, P::BadParameter, P::Conflict]),
        Route::Sizing => codes.extend([P::NotJson, P::Unprocessable]),
        Route::StockChange => {
            codes.extend([P::NotJson, P::Unprocessable, P::NotFound, P::Conflict]);
        }
        Route::StockRead | Route::StockAudit | Route::StockCheck | Route::StockKeyList => {
            codes.push(P::NotFound);
        }
        _ => {}
    }
    // Every other name in the query is refused there.
    if spec.access.takes_key() {
        codes.push(P::BadParameter);
    }
    if ["/{call}", "/{version}", "/{scenario}", "/{key}"]
        .iter()
        .any(|name| spec.path.contains(name))
    {
        codes.push(P::NotFound);
    }
    if spec.body_bytes > 0 {
        codes.push(P::BodyTooLarge);
    }
    if !spec.media_types().is_empty() {
        codes.push(P::UnsupportedMediaType);
    }
    // The directory of sites has no keys that could be guessed, and the deployer alone reads it.
    let directory = matches!(spec.route, Route::SiteList | Route::SiteAudit);
    if spec.access.takes_key() && !directory || spec.access == Access::Provider {
        codes.push(P::TooManyRequests);
    }
    if !matches!(
        spec.route,
        Route::Health | Route::OpenApi | Route::Problems | Route::AgentPart
    ) {
        codes.push(P::Internal);
        // It asks nobody.
        if spec.route != Route::Sizing {
            codes.push(P::Unavailable);
        }
    }
    codes
}

enum Answer {
    Json(u16, &'static str),
    /// Any of these kinds.
    Text(&'static [&'static str]),
    Nothing,
}

/// What a route does, in a sentence, and what it answers.
fn told(route: Route) -> (&'static str, Answer) {
    use Answer::{Json, Nothing, Text};
    match route {
        Route::Health => ("The Worker is there", Json(200, "Health")),
        Route::OpenApi => ("This document", Text(&["application/json"])),
        Route::Problems => ("What refusals mean, a page", Text(&["text/html"])),
        Route::Script => (
            "Loader, rules and public configuration of a site: `{site}.js`, `{site}.v1.js` for \
             this major version, `{site}.json` for the configuration alone",
            Text(&["text/javascript", "application/json"]),
        ),
        Route::AgentPart => (
            "A part of the agent",
            Text(&["application/wasm", "text/javascript", "application/json"]),
        ),
        Route::Visit => (
            "Begin or resume a visit, take or keep numbers",
            Json(200, "VisitReply"),
        ),
        Route::Beat => ("Something happened on the page", Json(200, "VisitReply")),
        Route::Leave => ("The page is going away", Json(200, "VisitReply")),
        Route::Amp => (
            "A number for an AMP page (`amp-call-tracking`); 204 leaves the page's own",
            Json(200, "AmpNumber"),
        ),
        Route::ProviderCall => (
            "A telephony provider reports a call",
            Text(&["application/json", "text/plain", "text/xml"]),
        ),
        Route::SiteList => ("List the sites", Json(200, "Sites")),
        Route::SiteAudit => (
            "Which sites came and went, and by which request, newest first",
            Json(200, "AuditRows"),
        ),
        Route::SiteCreate => ("Create a site", Json(201, "Version")),
        Route::SiteRead => ("One site's summary", Json(200, "Site")),
        Route::SiteDelete => (
            "Delete a site and everything of it; export it first",
            Nothing,
        ),
        Route::ConfigRead => (
            "The configuration in force; to viewers without its secrets",
            Json(200, "Config"),
        ),
        Route::ConfigWrite => ("Replace the configuration", Json(200, "Version")),
        Route::ConfigCheck => ("Explain the faults of a configuration", Json(200, "Check")),
        Route::ConfigImport => (
            "What another system's scenarios become here",
            Json(200, "Any"),
        ),
        Route::VersionList => (
            "List the versions of the configuration",
            Json(200, "Versions"),
        ),
        Route::VersionRead => (
            "One version of the configuration; to viewers without its secrets",
            Json(200, "Version"),
        ),
        Route::VersionRevert => ("Bring an older version into force", Json(200, "Version")),
        Route::VersionDiff => ("What one version changed of another", Json(200, "Diff")),
        Route::ConfigPatch => (
            "Change members of the configuration (JSON Merge Patch)",
            Json(200, "Version"),
        ),
        Route::ScenarioList => ("List the scenarios", Json(200, "Scenarios")),
        Route::ScenarioRead => (
            "One scenario as the configuration has it",
            Json(200, "ScenarioDocument"),
        ),
        Route::ScenarioWrite => ("Add or replace a scenario", Json(200, "Version")),
        Route::ScenarioPatch => (
            "Change members of a scenario (JSON Merge Patch): enabled, priority …",
            Json(200, "Version"),
        ),
        Route::ScenarioDelete => ("Remove a scenario; its pool stays", Json(200, "Version")),
        Route::NumberList => ("List the numbers, the least first", Json(200, "Numbers")),
        Route::NumberAct => ("Act on numbers", Json(200, "Version")),
        Route::CallList => ("List the calls, newest first", Json(200, "Calls")),
        Route::CallRead => ("One call with all its candidates", Json(200, "Call")),
        Route::CallCorrect => ("Say by hand whose call it was", Json(200, "Call")),
        Route::Replay => (
            "Judge a period of calls anew: told first, applied by its `plan`",
            Json(200, "Replay"),
        ),
        Route::KeptEventRetry => (
            "Read an event again that could not be understood",
            Json(200, "Retried"),
        ),
        Route::DeliveryList => (
            "What is on its way to receivers, and what they did not take",
            Json(200, "Deliveries"),
        ),
        Route::DeliverySend => (
            "Send a delivery again that was given up; `all` is every one",
            Json(200, "Sent"),
        ),
        Route::OutboxList => ("What happened to calls, in order", Json(200, "Outbox")),
        Route::KeptEventList => (
            "Events of providers that could not be understood",
            Json(200, "Any"),
        ),
        Route::ReportRead => (
            "Calls by source, number, hour and others, beside the period before",
            Json(200, "Any"),
        ),
        Route::CallFile => (
            "Calls as a file for a spreadsheet or another system",
            Text(&["text/csv", "application/jsonl"]),
        ),
        Route::LeaseRead => ("Who held a number at an instant", Json(200, "Leases")),
        Route::Live => ("What the pools do now", Json(200, "Live")),
        Route::PoolRead => (
            "A scenario's load and the numbers it needs",
            Json(200, "Load"),
        ),
        Route::DelayRead => (
            "How long callers of a scenario's pool take to call: told, and as a table to keep",
            Json(200, "Delays"),
        ),
        Route::DelayWrite => (
            "Have a pool begin with a table of delays; its own calls correct it",
            Json(200, "Delays"),
        ),
        Route::KeyList => ("List the keys", Json(200, "Keys")),
        Route::KeyCreate => ("Make a key; its token is shown once", Json(201, "Key")),
        Route::KeyRevoke => ("Revoke a key", Nothing),
        Route::AuditList => ("The audit log, newest first", Json(200, "AuditRows")),
        Route::Export => (
            "Everything of the site as JSON Lines",
            Text(&["application/x-ndjson"]),
        ),
        Route::Import => (
            "Put a whole site back from its export",
            Json(201, "Imported"),
        ),
        Route::Check => ("Verify the stored state", Json(200, "Check")),
        Route::StockKeep => (
            "Have the site's pools take and give back shared numbers now",
            Json(200, "StockKept"),
        ),
        Route::StockRead => (
            "A stock of numbers that sites of one owner share",
            Json(200, "Stock"),
        ),
        Route::StockChange => (
            "Change who shares a stock and what is in it",
            Json(200, "Stock"),
        ),
        Route::StockAudit => ("The audit log of a stock", Json(200, "AuditRows")),
        Route::StockCheck => ("Compare a stock with its sites", Json(200, "Check")),
        Route::StockKeyList => ("List the keys of a stock", Json(200, "Keys")),
        Route::StockKeyCreate => (
            "Make a key of a stock, for the owner of its sites; its token is shown once",
            Json(201, "Key"),
        ),
        Route::StockKeyRevoke => ("Revoke a key of a stock", Nothing),
        Route::Sizing => ("How many numbers a site needs", Json(200, "Any")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_described_once() {
        let document = document();
        let mut names = std::collections::BTreeSet::new();
        for spec in ROUTES {
            let method = spec.method.as_str().to_lowercase();
            let operation = &document["paths"][spec.path][method];
            let name = operation["operationId"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            assert!(!name.is_empty(), "{} is not described", spec.path);
            assert!(names.insert(name.clone()), "{name} stands twice");
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let text = document.to_string();
        for (at, _) in text.match_indices("#/components/schemas/") {
            let name = text[at..].split('"').next().unwrap_or_default();
            let name = name.rsplit('/').next().unwrap_or_default();
            assert!(
                document["components"]["schemas"].get(name).is_some(),
                "{name}"
            );
        }
    }

    #[test]
    fn the_committed_document_is_this_one() {
        let committed = include_str!("../../../openapi.json");
        assert_eq!(
            committed,
            text(),
            "write it anew: cargo run -p ringlet-core --example openapi"
        );
    }
}
