//! Calls, who held a number, reports and files.

use super::{Session, instant, write};
use crate::arguments::{Calls, FileOf, Report};
use crate::client::Call;
use crate::failure::Failure;
use crate::tables;
use ringlet_core::api::route::Route;
use ringlet_core::phone::E164;
use serde_json::{Value, json};

pub(super) fn run(session: &Session, verb: Calls) -> Result<(), Failure> {
    let site = session.site()?;
    match verb {
        Calls::List {
            number,
            from,
            to,
            page,
        } => {
            let (from, to) = (instant(from.as_deref())?, instant(to.as_deref())?);
            let number = number.as_deref().map(digits);
            let calls = session.list(&page, "calls", || {
                Call::of(Route::CallList, &[site])
                    .with("number", number.as_deref())
                    .with("from", from)
                    .with("to", to)
            })?;
            session.output.show(&tables::CALLS, &calls)
        }
        Calls::Show { call } => {
            let call = session.ask(&Call::of(Route::CallRead, &[site, &call]))?;
            if session.output.json {
                return session.output.value(&call);
            }
            let calls = serde_json::json!({ "calls": [call] });
            session.output.show(&tables::CALLS, &calls)?;
            session.output.text("\n")?;
            session.output.show(&tables::CANDIDATES, &calls["calls"][0])
        }
        Calls::Kept => {
            let kept = session.ask(&Call::of(Route::KeptEventList, &[site]))?;
            session.output.value(&kept)
        }
        Calls::Retry { event } => {
            let call = Call::of(Route::KeptEventRetry, &[site, &event]);
            session.output.value(&session.ask(&call)?)
        }
        Calls::Correct {
            call,
            visit,
            source,
            nobody,
            reason,
            by,
        } => {
            let mut body = json!({ "reason": reason });
            for (name, said) in [("visit", visit), ("source", source), ("by", by)] {
                if let Some(said) = said {
                    body[name] = Value::from(said);
                }
            }
            if nobody {
                body["nobody"] = Value::from(true);
            }
            let body = body.to_string();
            let call = Call::of(Route::CallCorrect, &[site, &call]).sending(&body);
            let corrected = session.ask(&call)?;
            let calls = json!({ "calls": [corrected] });
            if session.output.json {
                return session.output.value(&calls["calls"][0]);
            }
            session.output.show(&tables::CALLS, &calls)
        }
        Calls::Replay {
            from,
            to,
            time_zone,
            apply,
        } => {
            let mut period = json!({ "from": from, "to": to });
            if let Some(zone) = time_zone {
                period["time_zone"] = Value::from(zone);
            }
            replay(session, period, apply)
        }
    }
}

/// What judging a period anew changes; with `apply` it is looked at, then written down as it was.
fn replay(session: &Session, mut period: Value, apply: bool) -> Result<(), Failure> {
    let site = session.site()?;
    let progress = session.output.progress("replay", None);
    let text = period.to_string();
    let mut told = session.ask(&Call::of(Route::Replay, &[site]).sending(&text))?;
    if apply {
        period["apply"] = told["plan"].take();
        let text = period.to_string();
        told = session.ask(&Call::of(Route::Replay, &[site]).sending(&text))?;
    }
    progress.finish_and_clear();
    if session.output.json {
        return session.output.value(&told);
    }
    session.output.show(&tables::REPLAY, &told)?;
    session.output.text("\n")?;
    session.output.show(&tables::REPLAY_SOURCES, &told)
}

/// Who held `number`.
pub(super) fn leases(session: &Session, number: &str, at: Option<&str>) -> Result<(), Failure> {
    let call = Call::of(Route::LeaseRead, &[session.site()?])
        .with("number", Some(digits(number)))
        .with("at", instant(at)?);
    session.output.show(&tables::LEASES, &session.ask(&call)?)
}

/// The digits of a number written internationally; anything else goes to the edge as it is.
fn digits(text: &str) -> String {
    let bare: String = text.chars().filter(char::is_ascii_digit).collect();
    match E164::parse(&bare) {
        Ok(number) if text.trim_start().starts_with('+') => number.to_string(),
        _ => text.to_owned(),
    }
}

pub(super) fn report(session: &Session, asked: &Report) -> Result<(), Failure> {
    let call = Call::of(Route::ReportRead, &[session.site()?, &asked.dimension])
        .with("from", asked.days.from.as_deref())
        .with("to", asked.days.to.as_deref())
        .with("time_zone", asked.days.time_zone.as_deref())
        .with("model", asked.model.as_deref());
    if asked.csv {
        let text = session
            .client
            .send(&call.with("format", Some("csv")))?
            .text()?;
        return session.output.text(&text);
    }
    session.output.show(&tables::REPORT, &session.ask(&call)?)
}

pub(super) fn file(session: &Session, asked: &FileOf) -> Result<(), Failure> {
    let call = Call::of(Route::CallFile, &[session.site()?, &asked.name])
        .with("from", asked.days.from.as_deref())
        .with("to", asked.days.to.as_deref())
        .with("time_zone", asked.days.time_zone.as_deref())
        .with("id", asked.id.as_deref())
        .with("name", asked.conversion.as_deref())
        .with("targets_only", asked.all_calls.then_some("0"));
    let text = session.client.send(&call)?.text()?;
    write(&session.output, asked.output.as_deref(), &text)
}
