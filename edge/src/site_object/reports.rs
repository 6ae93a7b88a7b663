//! Calls as reports, and as files for spreadsheets and other systems.
//!
//! The figures are the core's. Visits are not counted here: those without a number leave no row.

use super::SiteObject;
use super::admin::{AdminReply, bad};
use super::attribution::{self, Kind, Outcome};
use super::refused::Refused;
use crate::binding::fault::Fault;
use crate::message::AdminAsk;
use ringlet_core::api::problem::ProblemCode;
use ringlet_core::call::{CallRecord, TARGET_TALK_S};
use ringlet_core::credit::{CreditModel, WHOLE};
use ringlet_core::export::{self, ExportCall, ExportFile, ExportIds, ExportRule, MetricaId};
use ringlet_core::id::CallId;
use ringlet_core::label::Click;
use ringlet_core::report::rows::{calls_csv, calls_json_lines};
use ringlet_core::report::{CallRow, Credited, Dimension, Period, ReportBuilder, TouchRow};
use ringlet_core::site::SiteConfig;
use ringlet_core::telephony::Direction;
use ringlet_core::time::UnixMillis;
use ringlet_core::touch::Touch;

/// Calls of one report or file: each is some 2 kB while it is read, of an isolate's 128 MB.
const CALLS_MAX: u64 = 20_000;
/// Days of a report that names none.
const DAYS: u16 = 7;

/// A call as reports and as exports need it.
struct Told {
    row: CallRow,
    export: ExportCall,
}

impl SiteObject {
    /// `GET …/reports/{dimension}` with `from`, `to`, `time_zone`, `model`, `format`.
    ///
    /// # Errors
    /// A wrong parameter, too many calls, or what the platform says.
    pub(super) fn read_report(
        &self,
        ask: &AdminAsk,
        now: UnixMillis,
    ) -> Result<AdminReply, Refused> {
        let dimension = Dimension::parse(ask.name(0)).ok_or(ProblemCode::NotFound)?;
        let model = match ask.parameter("model") {
            None => CreditModel::default(),
            Some(name) => CreditModel::parse(name).ok_or_else(|| {
                let names = CreditModel::ALL.map(CreditModel::as_str).join(", ");
                bad("model", &format!("one of {names}"))
            })?,
        };
        let mut builder = ReportBuilder::new(dimension, model, self.period(ask, now)?);
        let (from, to) = builder.span();
        for told in self.told_calls(from, to)? {
            builder.add_call(&told.row);
        }
        let report = builder.finish();
        match ask.parameter("format") {
            None | Some("json") => AdminReply::json(&report),
            Some("csv") => file(report.to_csv(), "text/csv; charset=utf-8"),
            Some(_) => Err(bad("format", "json or csv").into()),
        }
    }

    /// `GET …/files/{file}`: `calls.csv`, `calls.jsonl`, `metrica.csv` (with `id`), `google.csv`
    /// (with `name`).
    ///
    /// # Errors
    /// A wrong parameter, too many calls, or what the platform says.
    pub(super) fn read_file(&self, ask: &AdminAsk, now: UnixMillis) -> Result<AdminReply, Refused> {
        let period = self.period(ask, now)?;
        let told = || self.told_calls(period.start(), period.end());
        let rule = ExportRule {
            targets_only: ask.parameter("targets_only") != Some("0"),
            now,
        };
        match ask.name(0) {
            "calls.csv" => {
                let told = told()?;
                let rows = told.iter().map(|told| &told.row);
                file(calls_csv(&period, rows), "text/csv; charset=utf-8")
            }
            "calls.jsonl" => {
                let told = told()?;
                let text = calls_json_lines(told.iter().map(|told| &told.row));
                file(text.into_bytes(), "application/jsonl")
            }
            "metrica.csv" => {
                let id = ask.parameter("id").unwrap_or("yclid");
                let id =
                    MetricaId::parse(id).ok_or_else(|| bad("id", "client_id, user_id or yclid"))?;
                let told = told()?;
                let calls = told.iter().map(|told| &told.export);
                exported(export::metrica_csv(calls, id, rule, |_| None))
            }
            "google.csv" => {
                let name = ask.parameter("name").unwrap_or("Call");
                let told = told()?;
                let calls = told.iter().map(|told| &told.export);
                exported(export::google_csv(calls, name, &period, rule))
            }
            _ => Err(ProblemCode::NotFound.into()),
        }
    }

    fn period(&self, ask: &AdminAsk, now: UnixMillis) -> Result<Period, Refused> {
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        let own = in_force.config.time_zone.as_str();
        let zone = ask.parameter("time_zone").unwrap_or(own);
        let period = match (ask.parameter("from"), ask.parameter("to")) {
            (None, None) => Period::last_days(DAYS, now, zone),
            (Some(from), to) => Period::parse(from, to.unwrap_or(from), zone),
            (None, Some(_)) => return Err(bad("from", "given together with `to`").into()),
        };
        period.map_err(|_| {
            let wanted = "days as 2026-01-31 in a known `time_zone`, 366 at most";
            bad("from", wanted).into()
        })
    }

    fn told_calls(&self, from: UnixMillis, to: UnixMillis) -> Result<Vec<Told>, Refused> {
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        let sql = self.store.sql();
        let query = "SELECT call, record, caller IS NOT NULL AND EXISTS (
                         SELECT 1 FROM call AS earlier WHERE earlier.caller = call.caller AND
                         (earlier.started_at_ms, earlier.call) < (call.started_at_ms, call.call))
                     FROM call WHERE started_at_ms >= ?1 AND started_at_ms < ?2
                     ORDER BY started_at_ms, call LIMIT ?3";
        let rows = sql.rows(query, &[&from.0, &to.0, &(CALLS_MAX + 1)])?;
        if rows.len() as u64 > CALLS_MAX {
            return Err(bad("from", "a period of at most 20,000 calls").into());
        }
        let mut told = Vec::with_capacity(rows.len());
        for row in &rows {
            let id = CallId::parse(&row.text(0)?).map_err(|_| Fault::new("a call of no id"))?;
            let record: CallRecord = serde_json::from_str(&row.text(1)?).map_err(Fault::from)?;
            if record.direction() != Direction::In {
                continue;
            }
            let outcome = attribution::in_force(sql, id)?;
            // Of a withheld caller nobody knows whether he called before.
            let is_first = record.caller().is_some() && row.integer(2)? == 0;
            told.push(tell(&in_force.config, id, &record, outcome, is_first));
        }
        Ok(told)
    }
}

fn tell(
    config: &SiteConfig,
    id: CallId,
    record: &CallRecord,
    outcome: Option<Outcome>,
    is_first_call: bool,
) -> Told {
    let scenario = outcome
        .as_ref()
        .and_then(|outcome| outcome.scenario.as_ref());
    let wanted = scenario.and_then(|id| config.scenario(id)?.target_talk_s);
    let wanted = wanted.and_then(|seconds| u32::try_from(seconds).ok());
    let is_target = record.is_target(wanted.unwrap_or(TARGET_TALK_S));
    let context = outcome
        .as_ref()
        .and_then(|outcome| outcome.context.as_ref());
    let clicks = context.map(|context| context.labels.clicks.clone());
    let click = |name: Click| clicks.as_ref()?.get(&name).cloned();
    let row = CallRow {
        id,
        started_at: record.started_at(),
        status: record.status(),
        caller: record.caller().cloned(),
        dialed: record.dialed(),
        duration_s: record.duration_s(),
        talk_s: record.talk_s(),
        is_target,
        is_first_call,
        credited: credited(outcome.as_ref()),
        region: context
            .map(|context| context.geo.region.clone())
            .filter(|region| !region.is_empty()),
        touches: touches(record, outcome.as_ref()),
        visits: None,
        pages: None,
        visit_to_call_s: began_at(outcome.as_ref())
            .map(|began_at| record.started_at().since(began_at).0 / 1000),
    };
    let export = ExportCall {
        id,
        started_at: record.started_at(),
        is_live: record.status().is_live(),
        is_static: row.credited == Credited::Static,
        is_target,
        is_missed: record.status().is_missed(),
        is_first_call,
        talk_s: record.talk_s(),
        wait_s: record.wait_s(),
        caller: record
            .caller()
            .and_then(ringlet_core::call::StoredCaller::number),
        page_url: context.map(|context| context.landing_page.clone()),
        tag: outcome.as_ref().and_then(|outcome| outcome.source.clone()),
        value_hundredths: None,
        currency: None,
        ids: ExportIds {
            ym_client_id: None,
            user_id: None,
            yclid: click(Click::Yclid),
            gclid: click(Click::Gclid),
        },
    };
    Told { row, export }
}

fn credited(outcome: Option<&Outcome>) -> Credited {
    let Some(outcome) = outcome else {
        return Credited::Nobody {
            reason: "not judged yet".to_owned(),
        };
    };
    let reason = outcome.reason.clone();
    match outcome.kind {
        Kind::Visit => Credited::Visit {
            probability_parts: (f64::from(outcome.probability) * f64::from(WHOLE)) as u32,
            reason,
        },
        Kind::Static => Credited::Static,
        Kind::Reserve | Kind::Unattributed => Credited::Nobody { reason },
    }
}

/// The touch of the credited visit, or the source of a static number.
fn touches(record: &CallRecord, outcome: Option<&Outcome>) -> Vec<TouchRow> {
    let Some(outcome) = outcome else {
        return Vec::new();
    };
    let touch = match (&outcome.context, &outcome.source) {
        (Some(context), _) => TouchRow::from(&Touch {
            at: began_at(Some(outcome)).unwrap_or(record.started_at()),
            origin: context.origin.clone(),
            labels: context.labels.clone(),
            landing_page: context.landing_page.clone(),
        }),
        (None, Some(source)) => TouchRow {
            at: record.started_at(),
            source: source.clone(),
            ..TouchRow::default()
        },
        (None, None) => return Vec::new(),
    };
    vec![touch]
}

/// When the credited visit took its number.
fn began_at(outcome: Option<&Outcome>) -> Option<UnixMillis> {
    let touch = outcome?.touches.last();
    touch.map(|touch| touch.at)
}

fn exported(made: ExportFile) -> Result<AdminReply, Refused> {
    file(made.csv, "text/csv; charset=utf-8")
}

fn file(bytes: Vec<u8>, content_type: &'static str) -> Result<AdminReply, Refused> {
    let body = String::from_utf8(bytes).map_err(|_| Fault::new("a file that is no text"))?;
    Ok(AdminReply {
        status: 200,
        etag: None,
        body,
        content_type,
    })
}
