//! Schemas of what is known of callers' delays.

use super::{count, flag, object, one_of, reference, text, with_optional};
use crate::delay::{BINS, CLASSES};
use serde_json::{Value, json};

/// What is known of a pool's callers.
pub(super) fn callers() -> Value {
    object(&[
        ("basis", one_of(&["assumed", "imported", "learnt"])),
        ("half_ms", count()),
        ("nine_in_ten_ms", count()),
        ("nineteen_in_twenty_ms", count()),
        ("own_calls", count()),
        ("sentence", object(&[("en", text()), ("ru", text())])),
    ])
}

/// The table: docs/reference/delays.md.
pub(super) fn table() -> Value {
    let figures = json!({
        "type": "array",
        "minItems": BINS,
        "maxItems": BINS,
        "items": { "type": "number", "minimum": 0 },
    });
    let class = object(&[
        ("device", one_of(&["mobile", "desktop"])),
        ("engagement", one_of(&["bounce", "engaged", "deep"])),
        ("intent", flag()),
        ("tab", one_of(&["open", "closed"])),
        ("tapped", flag()),
        ("calls", figures.clone()),
        ("seconds", figures),
    ]);
    let starts = json!({ "type": "array", "items": { "type": "integer", "minimum": 0 } });
    object(&[
        ("v", json!({ "const": 1 })),
        ("visits", json!({ "type": "number", "minimum": 0 })),
        ("bin_starts_ms", starts),
        (
            "classes",
            json!({ "type": "array", "maxItems": CLASSES, "items": class }),
        ),
    ])
}

/// Both.
pub(super) fn answer() -> Value {
    with_optional(
        &[
            ("scenario", text()),
            ("pool", text()),
            ("callers", reference("Callers")),
            ("table", reference("DelayTable")),
        ],
        &[("imported_at", count())],
    )
}
