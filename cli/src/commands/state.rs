//! Keys, and what the edge does and holds now.

use super::{Session, file_named, read, write};
use crate::arguments::{Delays, Keys, Role, Sizing};
use crate::client::Call;
use crate::failure::Failure;
use crate::tables;
use crate::words::{said, same};
use ringlet_core::api::route::Route;
use ringlet_core::calculator::Question;
use serde_json::{Value, json};
use std::time::Duration;

pub(super) fn keys(session: &Session, verb: Keys) -> Result<(), Failure> {
    let site = session.site()?;
    match verb {
        Keys::List => {
            let keys = session.ask(&Call::of(Route::KeyList, &[site]))?;
            session.output.show(&tables::KEYS, &keys)
        }
        Keys::Create { name, role } => {
            let body = key_body(&name, role);
            let key = session.ask(&Call::of(Route::KeyCreate, &[site]).sending(&body))?;
            tell_key(session, &key)
        }
        Keys::Revoke { id } => {
            session.ask(&Call::of(Route::KeyRevoke, &[site, &id]))?;
            let told = json!({ "revoked": id });
            session
                .output
                .done(&said!("{id} revoked", "{id} отозван"), &told)
        }
    }
}

/// What is sent to make a key.
pub(super) fn key_body(name: &str, role: Role) -> String {
    let role = match role {
        Role::Admin => "admin",
        Role::Viewer => "viewer",
        Role::Telephony => "telephony",
    };
    json!({ "name": name, "role": role }).to_string()
}

/// Tells a new key: its token alone on stdout.
pub(super) fn tell_key(session: &Session, key: &Value) -> Result<(), Failure> {
    session.output.say(&said!(
        "shown once; it is kept nowhere:",
        "показывается один раз и нигде не хранится:"
    ));
    let token = key["token"].as_str().unwrap_or_default();
    session.output.done(&same(token), key)
}

/// What the pools do now, once or again and again.
pub(super) fn live(session: &Session, watch: Option<u64>) -> Result<(), Failure> {
    loop {
        let live = all_live(session)?;
        if watch.is_some() {
            session.output.clear();
        }
        show_live(session, &live)?;
        match watch {
            None => return Ok(()),
            Some(seconds) => std::thread::sleep(Duration::from_secs(seconds.max(1))),
        }
    }
}

/// The live view, its pages put together.
fn all_live(session: &Session) -> Result<Value, Failure> {
    let site = session.site()?;
    let mut live = session.ask(&Call::of(Route::Live, &[site]))?;
    while let Some(next) = live["next"].as_str() {
        let page = session.ask(&Call::of(Route::Live, &[site]).with("cursor", Some(next)))?;
        let further = page["pools"].as_array().into_iter().flatten();
        for (pool, further) in live["pools"]
            .as_array_mut()
            .into_iter()
            .flatten()
            .zip(further)
        {
            if let (Some(numbers), Some(more)) = (
                pool["numbers"].as_array_mut(),
                further["numbers"].as_array(),
            ) {
                numbers.extend(more.iter().cloned());
            }
        }
        match page.get("next") {
            Some(next) => live["next"] = next.clone(),
            None => {
                live.as_object_mut().map(|live| live.remove("next"));
            }
        }
    }
    Ok(live)
}

fn show_live(session: &Session, live: &Value) -> Result<(), Failure> {
    if session.output.json {
        return session.output.value(live);
    }
    for pool in live["pools"].as_array().into_iter().flatten() {
        let name = pool["id"].as_str().unwrap_or_default();
        session.output.text(&format!("{name}\n"))?;
        session.output.show(&tables::LIVE, pool)?;
    }
    Ok(())
}

/// A scenario's load, and the sentence that says what to do.
pub(super) fn load(session: &Session, scenario: &str) -> Result<(), Failure> {
    let load = session.ask(&Call::of(Route::PoolRead, &[session.site()?, scenario]))?;
    session.output.show(&tables::LOAD, &load)?;
    let language = session.output.language();
    match load["sentence"][language].as_str() {
        Some(sentence) if !session.output.json => session.output.text(&format!("{sentence}\n")),
        _ => Ok(()),
    }
}

/// How long a scenario's callers take to call: told, kept in a file, or another table put.
pub(super) fn delays(session: &Session, asked: &Delays) -> Result<(), Failure> {
    let names = [session.site()?, asked.scenario.as_str()];
    let answer = match &asked.put {
        None => session.ask(&Call::of(Route::DelayRead, &names))?,
        Some(path) => {
            let table = read(path)?;
            session.ask(&Call::of(Route::DelayWrite, &names).sending(&table))?
        }
    };
    if let Some(path) = &asked.output {
        let table = serde_json::to_string(&answer["table"]).unwrap_or_default();
        write(&session.output, Some(path), &format!("{table}\n"))?;
        return match file_named(Some(path)) {
            Some(path) => session.output.written(path),
            None => Ok(()),
        };
    }
    session.output.show(&tables::DELAYS, &answer)?;
    let language = session.output.language();
    match answer["callers"]["sentence"][language].as_str() {
        Some(sentence) if !session.output.json => session.output.text(&format!("{sentence}\n")),
        _ => Ok(()),
    }
}

/// The calculator, asked of the edge so that its answer is the one the edge would give.
pub(super) fn sizing(session: &Session, asked: &Sizing) -> Result<(), Failure> {
    let usual = Question::default();
    let question = Question {
        visits_per_day: asked.visits_per_day.unwrap_or(usual.visits_per_day),
        accuracy: asked.accuracy.unwrap_or(usual.accuracy),
        numbers: asked.numbers.unwrap_or(usual.numbers),
        hold_s: asked.hold_s.unwrap_or(usual.hold_s),
        active_s: asked.active_s.unwrap_or(usual.active_s),
        busy_hour_factor: asked.busy_hour_factor.unwrap_or(usual.busy_hour_factor),
    };
    let body = serde_json::to_string(&question).unwrap_or_default();
    let answer = session.ask(&Call::of(Route::Sizing, &[]).sending(&body))?;
    if session.output.json {
        return session.output.value(&answer);
    }
    let said = |en: &'static str, ru: &'static str| match session.output.russian {
        true => ru,
        false => en,
    };
    let way = |of: &str, numbers: &str, way: &str| {
        json!({ "way": way, "numbers": answer[of][numbers], "accuracy": answer[of]["accuracy"],
            "coverage": answer[of]["coverage"] })
    };
    let ways = [
        way(
            "usual",
            "numbers_needed",
            said("as here, usual callers", "как здесь, обычные звонящие"),
        ),
        way(
            "slow",
            "numbers_needed",
            said("as here, slow callers", "как здесь, медленные звонящие"),
        ),
        way(
            "hold",
            "numbers_for_all",
            said("with a fixed hold", "с постоянным удержанием"),
        ),
    ];
    session
        .output
        .show(&tables::SIZING, &json!({ "ways": ways }))
}

/// Verifies the stored state; a fault is an exit code of its own.
pub(super) fn check(session: &Session) -> Result<(), Failure> {
    let progress = session.output.progress("check", None);
    let answer = session.ask(&Call::of(Route::Check, &[session.site()?]))?;
    progress.finish_and_clear();
    tell_check(session, &answer)
}

/// Tells what a check found.
pub(super) fn tell_check(session: &Session, answer: &Value) -> Result<(), Failure> {
    let faults = answer["faults"].as_array().cloned().unwrap_or_default();
    if faults.is_empty() {
        return session.output.done(&same("ok"), answer);
    }
    let lines: Vec<&str> = faults.iter().filter_map(Value::as_str).collect();
    session.output.done(&same(lines.join("\n")), answer)?;
    Err(Failure::Faulty)
}
