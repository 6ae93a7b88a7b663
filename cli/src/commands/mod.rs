//! The verbs, one file for each kind of thing.

mod api;
mod calls;
mod config;
mod deliveries;
mod numbers;
mod profiles;
mod scenarios;
mod sites;
mod state;
mod stocks;

use crate::arguments::{Arguments, Command, Page, Versioned};
use crate::client::{Call, Client};
use crate::failure::Failure;
use crate::output::Output;
use crate::profile::{self, Profile};
use crate::tables;
use crate::words::{said, same};
use ringlet_core::api::route::Route;
use ringlet_core::limits::{PAGE_ROWS, PAGE_ROWS_USUAL};
use serde_json::Value;
use std::path::Path;

/// What every command needs.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) output: Output,
    profile: Profile,
}

impl Session {
    /// The site that is meant.
    pub(crate) fn site(&self) -> Result<&str, Failure> {
        self.profile.site.as_deref().ok_or_else(|| {
            Failure::Usage(said!(
                "say which site: --site, RINGLET_SITE, or a profile",
                "укажите сайт: --site, RINGLET_SITE или профиль"
            ))
        })
    }

    /// The JSON that a request is answered with.
    pub(crate) fn ask(&self, call: &Call<'_>) -> Result<Value, Failure> {
        self.client.send(call)?.json()
    }

    /// A list by pages: one page, or every one joined.
    pub(crate) fn list<'a>(
        &self,
        page: &Page,
        member: &str,
        call: impl Fn() -> Call<'a>,
    ) -> Result<Value, Failure> {
        if !page.all {
            let call = call()
                .with("limit", page.limit)
                .with("cursor", page.cursor.as_deref());
            let answer = self.ask(&call)?;
            // Some lists tell where to go on even at their end.
            let rows = answer[member].as_array().map_or(0, Vec::len) as u64;
            let full = rows >= page.limit.unwrap_or(PAGE_ROWS_USUAL);
            if let (false, true, Some(next)) = (self.output.json, full, answer["next"].as_str()) {
                let more = said!("more: --cursor {next}", "дальше: --cursor {next}");
                self.output.say(&more);
            }
            return Ok(answer);
        }
        let progress = self.output.progress("rows", None);
        let limit = page.limit.unwrap_or(PAGE_ROWS);
        let mut rows = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let call = call()
                .with("limit", Some(limit))
                .with("cursor", cursor.as_deref());
            let mut answer = self.ask(&call)?;
            if let Value::Array(items) = answer[member].take() {
                rows.extend(items);
            }
            progress.set_position(rows.len() as u64);
            match answer["next"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        progress.finish_and_clear();
        Ok(serde_json::json!({ member: rows }))
    }

    /// A change that makes a version: done, and told.
    pub(crate) fn change(&self, call: &Call<'_>) -> Result<(), Failure> {
        let version = self.ask(call)?;
        self.tell_version(&version)
    }

    /// Says which version is in force now.
    pub(crate) fn tell_version(&self, version: &Value) -> Result<(), Failure> {
        let note = version["note"].as_str().unwrap_or_default();
        let note = match note {
            "" => String::new(),
            note => format!("  {note}"),
        };
        let number = &version["version"];
        let sentence = said!("version {number}{note}", "версия {number}{note}");
        self.output.done(&sentence, version)
    }
}

/// A call that makes a version, as the flags say.
pub(crate) fn versioned<'a>(call: Call<'a>, how: &'a Versioned) -> Call<'a> {
    let etag = how.if_version.map(|version| format!("\"{version}\""));
    call.with("note", how.note.as_deref()).matching(etag)
}

/// Reads a file as text; `-` is stdin.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    let text = if path == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(path)
    };
    text.map_err(|error| Failure::local(&path.display().to_string(), error))
}

/// The file that is meant; nothing for stdout, which `-` is too.
pub(crate) fn file_named(path: Option<&Path>) -> Option<&Path> {
    path.filter(|path| *path != Path::new("-"))
}

/// Writes text to a file, or to stdout without one.
pub(crate) fn write(output: &Output, path: Option<&Path>, text: &str) -> Result<(), Failure> {
    match file_named(path) {
        None => output.text(text),
        Some(path) => std::fs::write(path, text)
            .map_err(|error| Failure::local(&path.display().to_string(), error)),
    }
}

/// An instant of the command line as the API takes it.
pub(crate) fn instant(text: Option<&str>) -> Result<Option<i64>, Failure> {
    let read = |text| {
        tables::instant(text).ok_or_else(|| {
            Failure::Usage(said!(
                "{text:?} is no instant: Unix milliseconds or 2026-01-31T10:00:00Z",
                "{text:?} не момент: миллисекунды Unix или 2026-01-31T10:00:00Z"
            ))
        })
    };
    text.map(read).transpose()
}

/// Members of a configuration that are texts, whatever stands in them.
const TEXTS: [&str; 3] = ["area_code", "country_code", "name"];

/// Members to change, `MEMBER=VALUE`, as one JSON Merge Patch.
pub(crate) fn patch(members: &[String]) -> Result<String, Failure> {
    let mut whole = Value::Object(serde_json::Map::new());
    for member in members {
        let (name, value) = member.split_once('=').ok_or_else(|| {
            Failure::Usage(said!(
                "{member:?} is no MEMBER=VALUE",
                "{member:?} не вида ПОЛЕ=ЗНАЧЕНИЕ"
            ))
        })?;
        let told = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        // `area_code=495` means the text: no member of this name is a number.
        let value = match told {
            Value::Number(_) if TEXTS.contains(&name.trim_start_matches('/')) => value.into(),
            told => told,
        };
        let mut place = &mut whole;
        for part in name.trim_start_matches('/').split('/') {
            let part = part.replace("~1", "/").replace("~0", "~");
            if !place.is_object() {
                *place = Value::Object(serde_json::Map::new());
            }
            place = &mut place[part];
        }
        *place = value;
    }
    Ok(whole.to_string())
}

/// Does what the command line says.
pub(crate) fn run(arguments: Arguments, russian: bool) -> Result<(), Failure> {
    let Arguments {
        connection,
        command,
    } = arguments;
    let output = Output {
        json: connection.json,
        russian,
        quiet: connection.quiet,
    };
    match &command {
        Command::Profiles(verb) => return profiles::run(verb, &connection, &output),
        Command::Api(asked) if asked.operation.is_none() => return api::list(&output),
        _ => {}
    }
    let profile = profile::resolve(&connection)?;
    let client = Client::new(&profile, russian)?;
    let url = profile.url.as_deref().unwrap_or_default();
    if profile.key.is_some() && url.starts_with("http://") && !is_this_machine(url) {
        output.warn(&said!(
            "warning: the key goes over http, readable by everybody on the way",
            "внимание: ключ идёт по http, его может прочесть любой по пути"
        ));
    }
    if let Ok(path) = profile::path(connection.profiles.as_deref())
        && connection.key.is_none()
        && profile::is_open_to_others(&path)
    {
        let file = path.display();
        output.warn(&said!(
            "warning: others on this machine can read the keys in {file}: chmod 600 {file}",
            "внимание: ключи в {file} могут прочесть другие на этой машине: chmod 600 {file}"
        ));
    }
    let session = Session {
        client,
        output,
        profile,
    };
    match command {
        Command::Sites(verb) => sites::run(&session, verb),
        Command::Config(verb) => config::run(&session, verb),
        Command::Numbers(verb) => numbers::run(&session, verb),
        Command::Scenarios(verb) => scenarios::run(&session, verb),
        Command::Keys(verb) => state::keys(&session, verb),
        Command::Calls(verb) => calls::run(&session, verb),
        Command::Deliveries(verb) => deliveries::run(&session, verb),
        Command::Outbox { page } => deliveries::outbox(&session, &page),
        Command::Stocks(verb) => stocks::run(&session, verb),
        Command::Leases { number, at } => calls::leases(&session, &number, at.as_deref()),
        Command::Report(asked) => calls::report(&session, &asked),
        Command::File(asked) => calls::file(&session, &asked),
        Command::Live { watch } => state::live(&session, watch),
        Command::Load { scenario } => state::load(&session, &scenario),
        Command::Delays(asked) => state::delays(&session, &asked),
        Command::Sizing(question) => state::sizing(&session, &question),
        Command::Audit { page } => {
            let site = session.site()?;
            let rows = session.list(&page, "rows", || Call::of(Route::AuditList, &[site]))?;
            session.output.show(&tables::AUDIT, &rows)
        }
        Command::Check => state::check(&session),
        Command::Health => {
            let answer = session.ask(&Call::of(Route::Health, &[]))?;
            session.output.done(&same("ok"), &answer)
        }
        Command::Api(asked) => api::run(&session, &asked),
        Command::Profiles(_) => Ok(()),
    }
}

fn is_this_machine(url: &str) -> bool {
    let host = url.trim_start_matches("http://");
    ["127.", "localhost", "[::1]"]
        .iter()
        .any(|own| host.starts_with(own))
}

#[cfg(test)]
mod routes_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_become_one_patch() {
        let members = |members: &[&str]| {
            let members: Vec<String> = members.iter().map(|member| (*member).to_owned()).collect();
            patch(&members).unwrap_or_else(|failure| failure.words(false))
        };
        assert_eq!(
            members(&["name=Shop", "/retention/visit_days=90", "area_code=null"]),
            r#"{"area_code":null,"name":"Shop","retention":{"visit_days":90}}"#
        );
        assert_eq!(
            members(&["origins=[\"https://a.example\"]", "note=a=b"]),
            r#"{"note":"a=b","origins":["https://a.example"]}"#
        );
        assert_eq!(
            members(&["area_code=495", "/priority=5", "country_code=null"]),
            r#"{"area_code":"495","country_code":null,"priority":5}"#
        );
        assert_eq!(members(&["name"]), "\"name\" is no MEMBER=VALUE");
    }

    #[test]
    fn a_key_may_travel_in_the_open_on_this_machine_only() {
        assert!(is_this_machine("http://127.0.0.1:8787"));
        assert!(!is_this_machine("http://192.0.2.1"));
    }
}
