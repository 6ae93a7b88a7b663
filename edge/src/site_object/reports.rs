//! Calls and visits as reports, calls as files for spreadsheets and other systems.
//!
//! The figures are the core's. Calls are here; visits are in the pools, which hand theirs out in
//! short, a page at a time. A report takes [`CALLS_MAX`] calls and [`VISITS_MAX`] visits, a file
//! [`FILE_CALLS_MAX`] calls; of more it says so, and makes none.

use super::admin::{AdminReply, bad};
use super::attribution::{self, Kind, Outcome};
use super::refused::Refused;
use super::{InForce, SiteObject, config, shards, shown};
use crate::binding::fault::Fault;
use crate::binding::timer;
use crate::message::pool::{PoolCommand, VisitMark, VisitsAnswer, VisitsPlace};
use crate::message::{AdminAsk, ShownTouch};
use ringlet_core::api::detail::{Detail, Wanted};
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::call::CallRecord;
use ringlet_core::credit::{CreditModel, WHOLE};
use ringlet_core::export::{self, ExportCall, ExportFile, ExportIds, ExportRule, MetricaId};
use ringlet_core::id::CallId;
use ringlet_core::label::Click;
use ringlet_core::report::rows::{calls_csv, calls_json_lines};
use ringlet_core::report::{
    CALLS_MAX, CallRow, Credited, Dimension, Period, ReportBuilder, TooMany, TouchRow, VISITS_MAX,
    VisitRow,
};
use ringlet_core::site::SiteConfig;
use ringlet_core::telephony::Direction;
use ringlet_core::time::UnixMillis;

/// Calls of one file: each is some 2 kB until the file is written, of an isolate's 128 MB.
const FILE_CALLS_MAX: usize = 20_000;
/// Calls read at once. Between two pages whoever else asks the site has his turn.
const CALLS_AT_ONCE: u64 = 500;
/// Visits asked of a pool at once: some 250 kB.
const VISITS_AT_ONCE: u64 = 2_000;
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
    pub(super) async fn read_report(
        &self,
        ask: &AdminAsk,
        now: UnixMillis,
    ) -> Result<AdminReply, Refused> {
        let dimension = Dimension::parse(ask.name(0));
        let dimension = dimension.ok_or_else(|| none(&Dimension::ALL.map(Dimension::as_str)))?;
        let model = match ask.parameter("model") {
            None => CreditModel::default(),
            Some(name) => CreditModel::parse(name).ok_or_else(|| {
                let names = CreditModel::ALL.map(CreditModel::as_str);
                bad("model", Wanted::OneOf(names.to_vec()))
            })?,
        };
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        let mut builder = ReportBuilder::new(dimension, model, self.period(ask, now)?);
        self.add_visits(&in_force, &mut builder).await?;
        let (from, to) = builder.span();
        let mut calls = CallsPlace::at(from);
        while let Some(told) = self.told_calls(&mut calls, to)? {
            for told in told {
                builder.add_call(&told.row).map_err(too_many)?;
            }
            timer::turn().await;
        }
        let report = builder.finish();
        match ask.parameter("format") {
            None | Some("json") => AdminReply::json(&report),
            Some("csv") => file(report.to_csv(), "text/csv; charset=utf-8"),
            Some(_) => Err(bad("format", Wanted::OneOf(vec!["json", "csv"])).into()),
        }
    }

    /// `GET …/files/{file}`: `calls.csv`, `calls.jsonl`, `metrica.csv` (with `id`), `google.csv`
    /// (with `name`).
    ///
    /// # Errors
    /// A wrong parameter, too many calls, or what the platform says.
    pub(super) fn read_file(&self, ask: &AdminAsk, now: UnixMillis) -> Result<AdminReply, Refused> {
        let period = self.period(ask, now)?;
        let told = || self.calls_of_file(&period);
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
                let id = MetricaId::parse(id)
                    .ok_or_else(|| bad("id", Wanted::OneOf(MetricaId::NAMES.to_vec())))?;
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
            _ => Err(none(&["calls.csv", "calls.jsonl", "metrica.csv", "google.csv"]).into()),
        }
    }

    /// Adds the visits of the report's periods, of every pool the site has or had.
    async fn add_visits(
        &self,
        in_force: &InForce,
        builder: &mut ReportBuilder,
    ) -> Result<(), Refused> {
        let (from, to) = builder.span();
        for pool in config::keepers_of_visits(self.store.sql())? {
            for shard in 0..shards::division(self.store.sql(), &pool)?.most {
                let mut next = Some(VisitsPlace::default());
                while let Some(after) = next {
                    let limit = VISITS_AT_ONCE;
                    let command = PoolCommand::Visits {
                        from,
                        to,
                        after,
                        limit,
                    };
                    let answer: VisitsAnswer =
                        self.ask_shard(in_force, &pool, shard, command).await?;
                    next = answer.next;
                    add_visits(builder, answer).map_err(too_many)?;
                }
            }
        }
        Ok(())
    }

    fn period(&self, ask: &AdminAsk, now: UnixMillis) -> Result<Period, Refused> {
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        let own = in_force.config.time_zone.as_str();
        let zone = ask.parameter("time_zone").unwrap_or(own);
        let period = match (ask.parameter("from"), ask.parameter("to")) {
            (None, None) => Period::last_days(DAYS, now, zone),
            (Some(from), to) => Period::parse(from, to.unwrap_or(from), zone),
            (None, Some(_)) => return Err(bad("from", Wanted::WithTo).into()),
        };
        period.map_err(|_| bad("from", Wanted::Days).into())
    }

    /// The calls of a file, all at once.
    fn calls_of_file(&self, period: &Period) -> Result<Vec<Told>, Refused> {
        let mut place = CallsPlace::at(period.start());
        let mut all = Vec::new();
        while let Some(told) = self.told_calls(&mut place, period.end())? {
            all.extend(told);
            if all.len() > FILE_CALLS_MAX {
                let wanted = Wanted::PeriodOfCalls(FILE_CALLS_MAX, false);
                return Err(bad("from", wanted).into());
            }
        }
        Ok(all)
    }

    /// The next calls that began before `to`, the inbound ones of them; nothing after the last.
    fn told_calls(
        &self,
        place: &mut CallsPlace,
        to: UnixMillis,
    ) -> Result<Option<Vec<Told>>, Refused> {
        if place.is_at_end {
            return Ok(None);
        }
        let in_force = self.in_force()?.ok_or(ProblemCode::UnknownSite)?;
        let sql = self.store.sql();
        let query = "SELECT call, record, caller IS NOT NULL AND EXISTS (
                         SELECT 1 FROM call AS earlier WHERE earlier.caller = call.caller AND
                         (earlier.started_at_ms, earlier.call) < (call.started_at_ms, call.call)),
                         started_at_ms
                     FROM call WHERE (started_at_ms, call) > (?1, ?2) AND started_at_ms < ?3
                     ORDER BY started_at_ms, call LIMIT ?4";
        let rows = sql.rows(query, &[&place.at.0, &place.call, &to.0, &CALLS_AT_ONCE])?;
        place.is_at_end = (rows.len() as u64) < CALLS_AT_ONCE;
        let mut told = Vec::with_capacity(rows.len());
        for row in &rows {
            (place.call, place.at) = (row.text(0)?, UnixMillis(row.integer(3)?));
            let id = CallId::parse(&place.call).map_err(|_| Fault::new("a call of no id"))?;
            let record: CallRecord = serde_json::from_str(&row.text(1)?).map_err(Fault::from)?;
            if record.direction() != Direction::In {
                continue;
            }
            let outcome = attribution::in_force(sql, id)?;
            // Of a withheld caller nobody knows whether he called before.
            let is_first = record.caller().is_some() && row.integer(2)? == 0;
            told.push(tell(&in_force.config, id, &record, outcome, is_first));
        }
        Ok(Some(told))
    }
}

/// How far the calls of a span of time have been read.
struct CallsPlace {
    at: UnixMillis,
    call: String,
    is_at_end: bool,
}

impl CallsPlace {
    /// Before the first call that began at `from` or later.
    const fn at(from: UnixMillis) -> Self {
        Self {
            at: from,
            call: String::new(),
            is_at_end: false,
        }
    }
}

fn add_visits(builder: &mut ReportBuilder, answer: VisitsAnswer) -> Result<(), TooMany> {
    for VisitMark(visit, visitor, at, kind, number) in answer.visits {
        match kind.map(|kind| answer.kinds.get(kind)) {
            Some(Some(kind)) => builder.add_visit(&VisitRow {
                visit,
                at,
                visitor,
                touch: TouchRow {
                    at,
                    ..kind.touch.clone()
                },
                region: Some(kind.region.clone()).filter(|region| !region.is_empty()),
                number,
            })?,
            _ => {
                if let Some(number) = number {
                    builder.add_shown(visit, number)?;
                }
            }
        }
    }
    Ok(())
}

/// The answer to a report of too long a period: none of its figures would be whole.
fn too_many(of: TooMany) -> Refused {
    let wanted = match of {
        TooMany::Visits => Wanted::PeriodOfVisits(VISITS_MAX, true),
        TooMany::Calls => Wanted::PeriodOfCalls(CALLS_MAX, true),
    };
    bad("from", wanted).into()
}

fn tell(
    config: &SiteConfig,
    id: CallId,
    record: &CallRecord,
    outcome: Option<Outcome>,
    is_first_call: bool,
) -> Told {
    let is_target = shown::is_target(config, record, outcome.as_ref());
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
        touches_left_out: context.map_or(0, |context| context.earlier_left_out),
        visits: context.map(|context| context.visits.max(1)),
        pages: outcome.as_ref().and_then(Outcome::pages),
        visit_to_call_s: outcome
            .as_ref()
            .and_then(|outcome| outcome.visit_to_call_s(record)),
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
            ym_client_id: context.and_then(|context| context.ids.ym_client_id.clone()),
            user_id: context.and_then(|context| context.ids.user_id.clone()),
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
        Kind::Source => Credited::Source { reason },
        Kind::Reserve | Kind::Unattributed => Credited::Nobody { reason },
    }
}

/// The touches of the credited visitor; of a number or a correction that names a source, that.
fn touches(record: &CallRecord, outcome: Option<&Outcome>) -> Vec<TouchRow> {
    let Some(outcome) = outcome else {
        return Vec::new();
    };
    if !outcome.touches.is_empty() {
        return outcome.touches.iter().map(ShownTouch::row).collect();
    }
    let source = outcome.source.iter();
    let named = source.map(|source| TouchRow {
        at: record.started_at(),
        source: source.clone(),
        ..TouchRow::default()
    });
    named.collect()
}

/// The file; how many calls it holds, and why others are not in it, stand in headers.
fn exported(made: ExportFile) -> Result<AdminReply, Refused> {
    let left_out = made.left_out;
    let mut reply = file(made.csv, "text/csv; charset=utf-8")?;
    reply.headers = vec![
        ("ringlet-rows", made.calls.to_string()),
        (
            "ringlet-left-out",
            format!(
                "without_id={}, not_target={}, not_settled={}",
                left_out.without_id, left_out.not_target, left_out.not_settled
            ),
        ),
    ];
    Ok(reply)
}

fn file(bytes: Vec<u8>, content_type: &'static str) -> Result<AdminReply, Refused> {
    let body = String::from_utf8(bytes).map_err(|_| Fault::new("a file that is no text"))?;
    Ok(AdminReply {
        status: 200,
        etag: None,
        body,
        content_type,
        headers: Vec::new(),
    })
}

/// There is no such report or file; these are.
fn none(names: &[&'static str]) -> Problem {
    Problem::with_detail(ProblemCode::NotFound, Detail::ThereAre(names.to_vec()))
}
