//! The query parameters of every route: what the description tells is what the edge takes.
//!
//! Invariant: a route of the administration refuses any other name, so that a filter that is
//! misspelt never answers with everything.

use super::route::Route;

/// The query parameters of a route with what each says, in the order of the description.
pub fn queries(route: Route) -> &'static [(&'static str, &'static str)] {
    const LIMIT: (&str, &str) = ("limit", "Rows of a page, at most 200.");
    const NUMBERS: (&str, &str) = (
        "limit",
        "Numbers of a page, at most 1000, and so without it.",
    );
    const CURSOR: (&str, &str) = ("cursor", "The `next` of the page before.");
    const FROM: (&str, &str) = ("from", "First day, 2026-01-31; six days ago without one.");
    const TO: (&str, &str) = ("to", "Last day, included.");
    const ZONE: (&str, &str) = ("time_zone", "IANA name; the site's own without one.");
    match route {
        Route::Amp => &[
            ("url", "The page's address: SOURCE_URL."),
            ("referrer", "DOCUMENT_REFERRER."),
            (
                "client",
                "CLIENT_ID(ringlet); without one nobody is recognised.",
            ),
            ("__amp_source_origin", "Added by AMP: whose page it is."),
        ],
        Route::StockAudit
        | Route::SiteList
        | Route::SiteAudit
        | Route::VersionList
        | Route::AuditList
        | Route::OutboxList => &[LIMIT, CURSOR],
        Route::DeliveryList => &[
            LIMIT,
            CURSOR,
            ("receiver", "Deliveries of this receiver only."),
            ("state", "all, waiting or dead."),
        ],
        Route::CallList => &[
            LIMIT,
            CURSOR,
            ("number", "Calls to this number only, in any writing."),
            ("from", "Calls from this instant on, Unix milliseconds."),
            ("to", "Calls before this instant, Unix milliseconds."),
        ],
        Route::ReportRead => &[
            FROM,
            TO,
            ZONE,
            (
                "model",
                "The attribution model; last_non_direct without one.",
            ),
            ("format", "json or csv."),
        ],
        Route::CallFile => &[
            FROM,
            TO,
            ZONE,
            ("id", "Of metrica.csv: client_id, user_id or yclid."),
            ("name", "Of google.csv: the conversion's name."),
            ("targets_only", "0 for calls that are no target calls too."),
        ],
        Route::LeaseRead => &[
            ("number", "The number, in any writing."),
            ("at", "The instant, Unix milliseconds; now without one."),
            LIMIT,
        ],
        Route::NumberList => &[
            NUMBERS,
            CURSOR,
            ("filter", "all, used, free, reserve or quarantined."),
        ],
        Route::Live => &[NUMBERS, CURSOR],
        Route::VersionDiff => &[(
            "with",
            "The version to compare with; the one before without it.",
        )],
        Route::ConfigWrite
        | Route::ConfigPatch
        | Route::VersionRevert
        | Route::ScenarioWrite
        | Route::ScenarioPatch
        | Route::ScenarioDelete
        | Route::NumberAct => &[("note", "What the author says of the version.")],
        Route::ConfigImport => &[("from", "roistat or uis.")],
        Route::Import => &[
            ("upload", "Names an import that is sent in parts."),
            (
                "part",
                "Which part this is: 0, 1, 2 …, whole lines; sent again it changes nothing.",
            ),
            (
                "last",
                "1 with the last part: the site is made of all of them.",
            ),
        ],
        _ => &[],
    }
}
