//! The configuration: read, check, put, edit, compare, versions, import of other systems'.

use super::{Session, file_named, read, versioned, write};
use crate::arguments::{Config, System, Versioned};
use crate::client::Call;
use crate::failure::Failure;
use crate::tables;
use crate::words::said;
use ringlet_core::api::route::Route;
use ringlet_core::site::{Fault, SiteConfig, diff};
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn run(session: &Session, verb: Config) -> Result<(), Failure> {
    let site = session.site()?;
    match verb {
        Config::Get { version, output } => get(session, version, output.as_deref()),
        Config::Put { document, version } => {
            session.tell_version(&put(session, &read(&document)?, &version)?)
        }
        Config::Edit { version } => edit(session, version),
        Config::Check { document } => {
            let text = read(&document)?;
            let call = Call::of(Route::ConfigCheck, &[site]).sending(&text);
            let answer = session.ask(&call)?;
            session
                .output
                .done(&said!("no faults", "ошибок нет"), &answer)
        }
        Config::Diff {
            document: Some(path),
            ..
        } => {
            let in_force = document(session, None)?.0;
            let in_force = SiteConfig::parse(&in_force).map_err(|_| {
                Failure::Usage(said!(
                    "this key is told the configuration without its secrets: compare with an \
                     admin's, or two versions with --version",
                    "этому ключу настройки показываются без секретов: сравните с ключом admin \
                     или две версии через --version"
                ))
            })?;
            let changes = diff(&in_force, &parsed(session, &read(&path)?)?);
            session
                .output
                .show(&tables::CHANGES, &json!({ "changes": changes }))
        }
        Config::Diff { version, with, .. } => {
            let version = version.unwrap_or_default().to_string();
            let call = Call::of(Route::VersionDiff, &[site, &version]).with("with", with);
            session.output.show(&tables::CHANGES, &session.ask(&call)?)
        }
        Config::Versions { page } => {
            let list = session.list(&page, "versions", || Call::of(Route::VersionList, &[site]))?;
            session.output.show(&tables::VERSIONS, &list)
        }
        Config::Revert { version, how } => {
            let version = version.to_string();
            let call = Call::of(Route::VersionRevert, &[site, &version]);
            session.change(&in_force(session, versioned(call, &how))?)
        }
        Config::Import {
            document,
            from,
            put: into_force,
            output,
        } => {
            let mut imported = import(session, &document, from)?;
            let text = serde_json::to_string_pretty(&imported["config"]).unwrap_or_default();
            if let Some(path) = &output {
                write(&session.output, Some(path), &with_line_end(text.clone()))?;
            }
            let notes = if session.output.russian {
                tables::NOTES_RU
            } else {
                tables::NOTES
            };
            let as_json = session.output.json;
            if !as_json {
                session.output.show(&notes, &imported)?;
            }
            if into_force {
                imported["version"] = put(session, &text, &Versioned::default())?;
            }
            match (as_json, into_force) {
                (true, _) => session.output.value(&imported),
                (false, true) => session.tell_version(&imported["version"]),
                (false, false) => Ok(()),
            }
        }
    }
}

/// Tells the document in force or of a version, as it was put.
fn get(session: &Session, version: Option<u64>, output: Option<&Path>) -> Result<(), Failure> {
    let text = document(session, version)?.0;
    match file_named(output) {
        None if session.output.json => {
            let told = serde_json::from_str(&text);
            session.output.value(&told.unwrap_or(Value::String(text)))
        }
        None => session.output.text(&with_line_end(text)),
        Some(path) => {
            write(&session.output, Some(path), &with_line_end(text))?;
            session.output.written(path)
        }
    }
}

/// The document in force or of a version, with its ETag.
fn document(session: &Session, version: Option<u64>) -> Result<(String, Option<String>), Failure> {
    let site = session.site()?;
    let Some(version) = version else {
        let answer = session.client.send(&Call::of(Route::ConfigRead, &[site]))?;
        let etag = answer.etag.clone();
        return Ok((answer.text()?, etag));
    };
    let version = version.to_string();
    let answer = session.ask(&Call::of(Route::VersionRead, &[site, &version]))?;
    Ok((
        answer["document"].as_str().unwrap_or_default().to_owned(),
        None,
    ))
}

/// A call that replaces the version named by the flags, else the one in force now.
fn in_force<'a>(session: &Session, mut call: Call<'a>) -> Result<Call<'a>, Failure> {
    if call.if_match.is_none() {
        call.if_match = document(session, None)?.1;
    }
    Ok(call)
}

/// Brings a document into force; a site that is not there yet is created by it.
fn put(session: &Session, text: &str, how: &Versioned) -> Result<Value, Failure> {
    let site = session.site()?;
    let call = versioned(Call::of(Route::ConfigWrite, &[site]).sending(text), how);
    let call = match in_force(session, call) {
        Err(Failure::Refused { status: 404, .. }) => {
            versioned(Call::of(Route::ConfigWrite, &[site]).sending(text), how)
        }
        other => other?,
    };
    session.ask(&call)
}

/// Opens the document in an editor; it is put only if the version that was opened is in force
/// still. A refused document is kept, so that nothing typed is lost.
fn edit(session: &Session, mut how: Versioned) -> Result<(), Failure> {
    let (text, etag) = document(session, None)?;
    let opened = etag.and_then(|tag| tag.trim_matches('"').parse().ok());
    how.if_version = how.if_version.or(opened);
    let name = format!("ringlet-{}-{}.json", session.site()?, std::process::id());
    let path = std::env::temp_dir().join(name);
    let shown = path.display().to_string();
    let failed = |error| Failure::local(&shown, error);
    std::fs::write(&path, &text).map_err(failed)?;
    let editor = ["VISUAL", "EDITOR"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_else(|| "vi".to_owned());
    let mut words = editor.split_whitespace();
    let status = std::process::Command::new(words.next().unwrap_or("vi"))
        .args(words)
        .arg(&path)
        .status()
        .map_err(|error| Failure::local(&editor, error))?;
    if !status.success() {
        return Err(Failure::Local(said!(
            "{editor} ended with {status}; nothing was changed",
            "{editor} завершился: {status}; ничего не изменено"
        )));
    }
    let edited = std::fs::read_to_string(&path).map_err(failed)?;
    if edited == text {
        let same = said!("nothing was changed", "ничего не изменено");
        session.output.say(&same);
        if session.output.json {
            session.output.value(&json!({ "changed": false }))?;
        }
    } else {
        let version = put(session, &edited, &how).inspect_err(|_| {
            session.output.say(&said!(
                "the document is kept in {shown}",
                "документ сохранён в {shown}"
            ));
        })?;
        session.tell_version(&version)?;
    }
    let _ = std::fs::remove_file(&path);
    Ok(())
}

fn import(session: &Session, path: &Path, from: System) -> Result<Value, Failure> {
    let text = read(path)?;
    let from = match from {
        System::Roistat => "roistat",
        System::Uis => "uis",
    };
    let call = Call::of(Route::ConfigImport, &[session.site()?])
        .with("from", Some(from))
        .sending(&text);
    session.ask(&call)
}

/// A document read by the rules that the edge reads it by.
fn parsed(session: &Session, text: &str) -> Result<SiteConfig, Failure> {
    SiteConfig::parse(text).map_err(|faults| Failure::Refused {
        status: 422,
        problem: problem(&faults, session.output.russian),
    })
}

fn problem(faults: &[Fault], russian: bool) -> Value {
    let code = ringlet_core::api::problem::ProblemCode::ConfigFaults;
    let said = |text: &ringlet_core::site::Text| {
        if russian {
            text.ru.clone()
        } else {
            text.en.clone()
        }
    };
    let faults: Vec<Value> = faults
        .iter()
        .map(|fault| {
            let detail = format!("{} {}", said(&fault.message), said(&fault.help));
            json!({ "pointer": fault.pointer, "code": fault.code, "detail": detail })
        })
        .collect();
    json!({
        "title": if russian { code.title_ru() } else { code.title() },
        "code": code.as_str(),
        "status": code.status(),
        "faults": faults,
    })
}

fn with_line_end(mut text: String) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
