//! Calls, who held a number, reports and files.

use super::{Session, file_named, instant, write};
use crate::arguments::{Calls, FileOf, Report};
use crate::client::Call;
use crate::failure::Failure;
use crate::tables;
use ringlet_core::api::route::Route;
use ringlet_core::attribution::outcome_words;
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
        Calls::Show { call } => show(
            session,
            session.ask(&Call::of(Route::CallRead, &[site, &call]))?,
        ),
        Calls::Kept => {
            let kept = session.ask(&Call::of(Route::KeptEventList, &[site]))?;
            session.output.show(&tables::KEPT, &kept)
        }
        Calls::Retry { event } => {
            let call = Call::of(Route::KeptEventRetry, &[site, &event]);
            session.output.show(&tables::RETRIED, &session.ask(&call)?)
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

/// One call: whose it was and why, who else it may have been of, what brought him, and what was
/// said of it when.
fn show(session: &Session, mut call: Value) -> Result<(), Failure> {
    if session.output.json {
        return session.output.value(&call);
    }
    let language = session.output.language();
    let why = call["explanation"][language].as_str().unwrap_or_default();
    let why = format!("{why}\n\n");
    let reasons = call["explanation"]["candidates"].take();
    let candidates = call.pointer_mut("/attribution/candidates");
    let candidates = candidates.and_then(Value::as_array_mut);
    for (candidate, reason) in candidates
        .into_iter()
        .flatten()
        .zip(reasons.as_array().into_iter().flatten())
    {
        candidate["why"] = reason[language].clone();
    }
    let calls = json!({ "calls": [call] });
    session.output.show(&tables::CALLS, &calls)?;
    session.output.text(&why)?;
    let call = &calls["calls"][0];
    for table in [&tables::CANDIDATES, &tables::TOUCHES, &tables::REVISIONS] {
        if !tables::rows(table, call).is_empty() {
            session.output.show(table, call)?;
            session.output.text("\n")?;
        }
    }
    Ok(())
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
    let mut report = session.ask(&call)?;
    if !session.output.json {
        let total = report["total"].take();
        if let Some(rows) = report["rows"].as_array_mut() {
            rows.push(total);
            let russian = session.output.russian;
            rows.iter_mut()
                .for_each(|row| row["key"] = group(&row["key"], russian).into());
        }
    }
    session.output.show(&tables::REPORT, &report)
}

/// The group of a report in words: those that stand in brackets are no owner's.
fn group(key: &Value, russian: bool) -> String {
    let key = key.as_str().unwrap_or_default();
    let said = |en: &str, ru: &str| (if russian { ru } else { en }).to_owned();
    if let Some(code) = key
        .strip_prefix("(no visit: ")
        .and_then(|rest| rest.strip_suffix(')'))
    {
        let (en, ru) = outcome_words(code).unwrap_or((code, code));
        return said(&format!("({en})"), &format!("({ru})"));
    }
    match key {
        "(not set)" => said(key, "(не указано)"),
        "(unknown)" => said(key, "(неизвестно)"),
        "(none)" => said(key, "(нет)"),
        "(total)" => said(key, "(всего)"),
        _ => key.to_owned(),
    }
}

pub(super) fn file(session: &Session, asked: &FileOf) -> Result<(), Failure> {
    let call = Call::of(Route::CallFile, &[session.site()?, &asked.name])
        .with("from", asked.days.from.as_deref())
        .with("to", asked.days.to.as_deref())
        .with("time_zone", asked.days.time_zone.as_deref())
        .with("id", asked.id.as_deref())
        .with("name", asked.conversion.as_deref())
        .with("targets_only", asked.all_calls.then_some("0"));
    let path = file_named(asked.output.as_deref());
    if path.is_none() {
        session.output.must_be_text()?;
    }
    let text = session.client.send(&call)?.text()?;
    write(&session.output, path, &text)?;
    path.map_or(Ok(()), |path| session.output.written(path))
}
