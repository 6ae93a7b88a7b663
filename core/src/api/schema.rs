//! Schemas of the answers (JSON Schema 2020-12): the members a reader may rely on.

use super::problem::ProblemCode;
use serde_json::{Map, Value, json};

mod delays;

/// A reference to a schema of [`all`].
pub fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// An object whose members are all required.
fn object(members: &[(&str, Value)]) -> Value {
    with_optional(members, &[])
}

fn with_optional(members: &[(&str, Value)], optional: &[(&str, Value)]) -> Value {
    let required: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let all = members.iter().chain(optional);
    let properties: Map<String, Value> = all
        .map(|(name, schema)| ((*name).to_owned(), schema.clone()))
        .collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn list(of: &str) -> Value {
    json!({ "type": "array", "items": reference(of) })
}

fn list_page(name: &str, of: &str) -> Value {
    with_optional(&[(name, list(of))], &[("next", text())])
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn maybe(kind: &str) -> Value {
    json!({ "type": [kind, "null"] })
}

fn flag() -> Value {
    json!({ "type": "boolean" })
}

fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn share() -> Value {
    json!({ "type": "number", "minimum": 0, "maximum": 1 })
}

fn id() -> Value {
    json!({ "type": "string", "pattern": "^[0-7][0-9a-z]{25}$" })
}

fn phone() -> Value {
    json!({ "type": "string", "pattern": "^[1-9][0-9]{2,14}$" })
}

fn one_of(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

/// Every schema by its name.
pub fn all() -> Value {
    let mut schemas = Map::new();
    for group in [common(), pages(), sites(), calls(), outgoing(), pools()] {
        for (name, schema) in group {
            schemas.insert(name.to_owned(), schema);
        }
    }
    Value::Object(schemas)
}

type Named = Vec<(&'static str, Value)>;

fn common() -> Named {
    let fault = object(&[("pointer", text()), ("code", text()), ("detail", text())]);
    let codes: Vec<&str> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
    let problem = with_optional(
        &[
            ("type", text()),
            ("title", text()),
            (
                "status",
                json!({ "type": "integer", "minimum": 400, "maximum": 599 }),
            ),
            ("code", one_of(&codes)),
            ("doc", text()),
        ],
        &[("detail", text()), ("faults", list("Fault"))],
    );
    vec![
        ("Any", json!({})),
        ("Object", json!({ "type": "object" })),
        ("NumberAction", number_action()),
        (
            "StockChange",
            with_optional(
                &[],
                &[
                    ("sites", json!({ "type": "array", "items": text() })),
                    ("add", text()),
                    ("remove", text()),
                    ("country_code", text()),
                    ("area_code", text()),
                ],
            ),
        ),
        (
            "NewKey",
            object(&[("name", text()), ("role", one_of(&ROLES))]),
        ),
        ("SizingQuestion", sizing_question()),
        ("Fault", fault),
        ("Problem", problem),
        ("Health", object(&[("ok", flag())])),
        (
            "Check",
            object(&[
                ("ok", flag()),
                ("faults", json!({ "type": "array", "items": text() })),
            ]),
        ),
        ("Imported", object(&[("lines", count())])),
    ]
}

const ROLES: [&str; 3] = ["admin", "viewer", "telephony"];

fn number_action() -> Value {
    let actions = [
        "add",
        "assign",
        "bind",
        "remove",
        "make_reserve",
        "quarantine",
        "disable",
        "release",
        "delete",
        "forward",
        "replace",
    ];
    let pasted = || json!({ "type": ["string", "array"], "items": text() });
    with_optional(
        &[("action", one_of(&actions))],
        &[
            ("numbers", pasted()),
            ("number", pasted()),
            ("by", pasted()),
            ("pool", maybe("string")),
            ("scenario", text()),
            ("source", text()),
            ("rented", flag()),
            ("offline", flag()),
            ("connected", maybe("string")),
            ("city", maybe("string")),
            ("phone", maybe("string")),
            ("sip", maybe("string")),
            ("extension", maybe("string")),
            ("whisper", flag()),
        ],
    )
}

fn sizing_question() -> Value {
    let between =
        |least: f64, most: f64| json!({ "type": "number", "minimum": least, "maximum": most });
    with_optional(
        &[],
        &[
            ("visits_per_day", between(1.0, 1_000_000.0)),
            ("accuracy", between(0.5, 0.99)),
            (
                "numbers",
                json!({ "type": "integer", "minimum": 0, "maximum": 100_000 }),
            ),
            ("hold_s", between(1.0, 604_800.0)),
            ("active_s", between(1.0, 3_600.0)),
            ("busy_hour_factor", between(1.0, 2.0)),
        ],
    )
}

fn pages() -> Named {
    let given = with_optional(
        &[
            ("scenario", text()),
            ("kind", one_of(&["leased", "static", "reserve", "page"])),
            ("generation", count()),
            ("hold_ms", count()),
            ("beat_ms", count()),
            ("idle_ms", count()),
        ],
        &[
            ("number", phone()),
            (
                "display",
                json!({ "type": "object", "additionalProperties": text() }),
            ),
            ("lease", id()),
        ],
    );
    let reply = with_optional(
        &[("v", count()), ("numbers", list("GivenNumber"))],
        &[
            ("visit", id()),
            ("visitor", id()),
            ("marker", text()),
            ("memory", text()),
            ("link", text()),
            ("retry_after_ms", count()),
            ("scenarios", list("ExplainedScenario")),
            ("labels", list("FoundLabel")),
        ],
    );
    let texts = || json!({ "type": "array", "items": text() });
    let tested = object(&[
        ("dimension", text()),
        ("operator", text()),
        ("values", texts()),
        ("negate", flag()),
        ("seen", texts()),
        ("fits", flag()),
        ("refuses", flag()),
    ]);
    let outcomes = [
        "matched",
        "disabled",
        "refused",
        "no_source",
        "no_params",
        "shadowed",
    ];
    let explained = with_optional(
        &[
            ("scenario", text()),
            ("outcome", one_of(&outcomes)),
            ("conditions", list("TestedCondition")),
        ],
        &[
            ("dimension", text()),
            ("seen", texts()),
            ("excluded", flag()),
            ("by", text()),
        ],
    );
    let places = ["query", "path", "fragment", "referrer", "remembered"];
    let found = object(&[
        ("name", text()),
        ("value", text()),
        ("place", one_of(&places)),
        ("used", flag()),
    ]);
    let amp = object(&[("phoneNumber", text()), ("formattedPhoneNumber", text())]);
    vec![
        ("GivenNumber", given),
        ("VisitReply", reply),
        ("TestedCondition", tested),
        ("ExplainedScenario", explained),
        ("FoundLabel", found),
        ("AmpNumber", amp),
    ]
}

fn sites() -> Named {
    let entry = object(&[("site", text()), ("created_at_ms", count())]);
    let site = object(&[
        ("site", text()),
        ("name", text()),
        ("version", count()),
        ("pools", count()),
        ("scenarios", count()),
        ("stored_bytes", count()),
    ]);
    let version = with_optional(
        &[
            ("version", count()),
            ("at", count()),
            ("author", text()),
            ("note", text()),
        ],
        &[("document", text())],
    );
    let config = with_optional(
        &[("v", count()), ("site", text()), ("name", text())],
        &[("pools", maybe("array")), ("scenarios", maybe("array"))],
    );
    let key = with_optional(
        &[
            ("key", text()),
            ("name", text()),
            ("role", one_of(&ROLES)),
            ("created_at", count()),
            ("last_used_at", maybe("integer")),
            ("revoked_at", maybe("integer")),
        ],
        &[("token", text())],
    );
    let audit = object(&[
        ("sequence", count()),
        ("at", count()),
        ("actor", text()),
        ("action", text()),
        ("subject", text()),
        ("request", text()),
        ("before_hash", text()),
        ("after_hash", text()),
        ("hash", text()),
    ]);
    vec![
        ("SiteEntry", entry),
        ("Sites", list_page("sites", "SiteEntry")),
        ("Site", site),
        ("Config", config),
        ("Version", version),
        ("Versions", list_page("versions", "Version")),
        (
            "Diff",
            object(&[
                ("from", count()),
                ("to", count()),
                ("changes", list("Change")),
            ]),
        ),
        (
            "Change",
            with_optional(
                &[("path", text())],
                &[("before", json!({})), ("after", json!({}))],
            ),
        ),
        ("ScenarioSummary", scenario_summary()),
        (
            "Scenarios",
            object(&[("scenarios", list("ScenarioSummary"))]),
        ),
        (
            "ScenarioDocument",
            object(&[("id", text()), ("kind", one_of(&SCENARIO_KINDS))]),
        ),
        ("Key", key),
        ("Keys", object(&[("keys", list("Key"))])),
        ("AuditRow", audit),
        ("AuditRows", list_page("rows", "AuditRow")),
        ("Stock", stock()),
        ("StockKept", stock_kept()),
    ]
}

const SCENARIO_KINDS: [&str; 3] = ["dynamic", "static", "params"];

fn scenario_summary() -> Value {
    with_optional(
        &[
            ("id", text()),
            ("name", text()),
            ("enabled", flag()),
            ("kind", one_of(&SCENARIO_KINDS)),
            ("priority", json!({ "type": "integer" })),
            ("numbers", count()),
        ],
        &[("pool", text()), ("reserve_number", phone())],
    )
}

fn stock() -> Value {
    let number = with_optional(
        &[
            ("number", phone()),
            ("state", one_of(&["free", "lent", "leaving"])),
            ("since", count()),
        ],
        &[("site", text()), ("pool", text())],
    );
    let refused = object(&[("text", text()), ("reason", text()), ("detail", text())]);
    object(&[
        ("stock", text()),
        ("sites", json!({ "type": "array", "items": text() })),
        ("free", count()),
        ("lent", count()),
        ("numbers", json!({ "type": "array", "items": number })),
        ("refused", json!({ "type": "array", "items": refused })),
    ])
}

fn stock_kept() -> Value {
    let numbers = || json!({ "type": "array", "items": phone() });
    object(&[
        ("taken", numbers()),
        ("returning", numbers()),
        ("returned", numbers()),
        ("missing", count()),
    ])
}

fn calls() -> Named {
    let candidate = object(&[
        ("visit", id()),
        ("visitor", id()),
        ("lease", id()),
        ("granted_at", count()),
        ("last_activity", count()),
        ("probability", share()),
        (
            "reasons",
            json!({ "type": "array", "items": { "type": "object", "required": ["code"] } }),
        ),
        ("source", text()),
    ]);
    let touch = with_optional(
        &[
            ("at", count()),
            ("source", text()),
            ("channel", text()),
            ("group", text()),
        ],
        &[
            ("campaign", text()),
            ("keyword", text()),
            ("landing_page", text()),
            ("is_direct", flag()),
        ],
    );
    let maybe_touch = json!({ "oneOf": [{ "type": "null" }, reference("Touch")] });
    let attribution = with_optional(
        &[
            (
                "kind",
                one_of(&["visit", "static", "reserve", "source", "unattributed"]),
            ),
            ("reason", text()),
            ("probability", share()),
            ("stranger", share()),
            ("candidates", list("Candidate")),
            ("touches", list("Touch")),
        ],
        &[
            ("source", text()),
            ("visit", id()),
            ("visitor", id()),
            ("lease", id()),
            ("scenario", text()),
        ],
    );
    let words = [("en", text()), ("ru", text())];
    let explanation = object(&[
        words[0].clone(),
        words[1].clone(),
        (
            "candidates",
            json!({ "type": "array", "items": object(&words) }),
        ),
    ]);
    let call = with_optional(
        &[
            ("id", id()),
            ("provider", text()),
            ("provider_call_id", text()),
            ("direction", one_of(&["in", "out", "internal"])),
            ("caller", maybe("string")),
            ("dialed", maybe("string")),
            ("status", text()),
            ("started_at", count()),
            ("answered_at", maybe("integer")),
            ("ended_at", maybe("integer")),
            ("duration_s", maybe("integer")),
            ("talk_s", maybe("integer")),
            ("wait_s", maybe("integer")),
            ("is_target", flag()),
            ("is_confirmed", flag()),
            ("source", maybe("string")),
            (
                "attribution",
                json!({ "oneOf": [{ "type": "null" }, reference("Attribution")] }),
            ),
            ("touches", list("Touch")),
            ("first_touch", maybe_touch.clone()),
            ("last_non_direct_touch", maybe_touch),
            ("touches_between", count()),
            ("visits", maybe("integer")),
            ("pages", maybe("integer")),
            ("visit_to_call_s", maybe("integer")),
            ("revision", count()),
            ("revisions", list("Revision")),
        ],
        &[("explanation", explanation)],
    );
    let revision = with_optional(
        &[
            ("revision", count()),
            ("at", count()),
            ("author", text()),
            ("kind", text()),
            ("reason", text()),
            ("source", maybe("string")),
            ("probability", share()),
        ],
        &[("by", text()), ("note", text())],
    );
    let lease = object(&[
        ("number", phone()),
        ("lease", id()),
        ("generation", count()),
        ("visitor", id()),
        ("visit", id()),
        ("granted_at", count()),
        ("ended_at", maybe("integer")),
        ("context", json!({})),
    ]);
    vec![
        ("Candidate", candidate),
        ("Touch", touch),
        ("Attribution", attribution),
        ("Revision", revision),
        ("Call", call),
        ("Calls", list_page("calls", "Call")),
        ("Lease", lease),
        (
            "Leases",
            object(&[
                ("number", phone()),
                ("at", count()),
                ("leases", list("Lease")),
            ]),
        ),
    ]
}

/// What happens to calls after they were credited.
fn outgoing() -> Named {
    let delivery = with_optional(
        &[
            ("receiver", text()),
            ("delivery", count()),
            ("call", id()),
            ("event", text()),
            ("added_at", count()),
            ("attempts", count()),
            ("state", one_of(&["waiting", "sending", "dead"])),
            ("at", count()),
        ],
        &[("why", text())],
    );
    let outbox_row = object(&[
        ("sequence", count()),
        ("at", count()),
        ("event", text()),
        ("call", id()),
        ("revision", count()),
    ]);
    let replay = object(&[
        ("model", count()),
        ("calls", count()),
        ("changed", count()),
        ("reweighed", count()),
        ("by_hand", count()),
        ("sources", json!({ "type": "array" })),
        ("changes", json!({ "type": "array" })),
        ("plan", text()),
        ("applied", flag()),
    ]);
    let retried = object(&[
        ("events", count()),
        ("calls", json!({ "type": "array", "items": id() })),
    ]);
    vec![
        ("Delivery", delivery),
        ("Deliveries", list_page("deliveries", "Delivery")),
        ("Sent", object(&[("sent", count())])),
        ("OutboxRow", outbox_row),
        ("Outbox", list_page("rows", "OutboxRow")),
        ("Replay", replay),
        ("Retried", retried),
    ]
}

fn pools() -> Named {
    let states = [
        "free",
        "provisional",
        "active",
        "idle",
        "held",
        "cooling",
        "quarantined",
        "draining",
        "reserve",
        "disabled",
        "static",
    ];
    let live = with_optional(
        &[
            ("number", phone()),
            ("state", one_of(&states)),
            ("since", count()),
            ("in_call", flag()),
            ("expected_calls", json!({ "type": "number" })),
        ],
        &[
            ("visitor", id()),
            ("source", text()),
            ("granted_at", count()),
            ("last_activity", count()),
        ],
    );
    let event = object(&[
        ("id", text()),
        ("at", count()),
        ("kind", text()),
        ("number", maybe("string")),
        ("visitor", maybe("string")),
        ("source", maybe("string")),
        ("why", maybe("string")),
    ]);
    let pool = object(&[
        ("id", text()),
        (
            "states",
            json!({ "type": "object", "additionalProperties": count() }),
        ),
        ("numbers", list("LiveNumber")),
        ("events", list("LiveEvent")),
    ]);
    let number = with_optional(
        &[
            ("number", phone()),
            (
                "used_for",
                one_of(&["pool", "static", "reserve", "nothing"]),
            ),
            ("scenarios", json!({ "type": "array", "items": text() })),
            ("state", one_of(&states)),
            ("origin", one_of(&["own", "rented"])),
            ("calls", count()),
            ("strange_callers", count()),
            ("is_pasted", flag()),
        ],
        &[
            ("last_call_at", count()),
            ("last_shown_at", count()),
            ("city", text()),
        ],
    );
    let load = object(&[
        ("scenario", text()),
        ("pool", text()),
        ("numbers", count()),
        ("active", count()),
        (
            "recommendation",
            json!({ "type": "object", "required": ["have", "need", "colour"] }),
        ),
        ("sentence", object(&[("en", text()), ("ru", text())])),
        ("callers", reference("Callers")),
        ("hours", json!({ "type": "array" })),
    ]);
    vec![
        ("LiveNumber", live),
        ("LiveEvent", event),
        ("LivePool", pool),
        (
            "Live",
            with_optional(
                &[("now", count()), ("pools", list("LivePool"))],
                &[("next", text())],
            ),
        ),
        ("NumberRow", number),
        ("Numbers", list_page("numbers", "NumberRow")),
        ("Load", load),
        ("Callers", delays::callers()),
        ("DelayTable", delays::table()),
        ("Delays", delays::answer()),
    ]
}
