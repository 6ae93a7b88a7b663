//! Sites: create, list, show, change, export, import, delete.

use super::{Session, file_named, patch, read, versioned};
use crate::arguments::Sites;
use crate::client::{self, Call};
use crate::failure::Failure;
use crate::tables;
use crate::words::{chosen, said};
use ringlet_core::api::route::Route;
use std::io::{IsTerminal as _, Read as _, Write};
use std::path::{Path, PathBuf};

pub(super) fn run(session: &Session, verb: Sites) -> Result<(), Failure> {
    match verb {
        Sites::List { page } => {
            let sites = session.list(&page, "sites", || Call::of(Route::SiteList, &[]))?;
            session.output.show(&tables::SITES, &sites)
        }
        Sites::Audit { page } => {
            let rows = session.list(&page, "rows", || Call::of(Route::SiteAudit, &[]))?;
            session.output.show(&tables::AUDIT, &rows)
        }
        Sites::Create { configuration } => {
            let document = read(&configuration)?;
            session.change(&Call::of(Route::SiteCreate, &[]).sending(&document))
        }
        Sites::Show => {
            let site = session.ask(&Call::of(Route::SiteRead, &[session.site()?]))?;
            session.output.show(&tables::SITE, &site)
        }
        Sites::Change(changes) => {
            let patch = patch(&changes.members)?;
            let call = Call::of(Route::ConfigPatch, &[session.site()?]).sending(&patch);
            session.change(&versioned(call, &changes.version))
        }
        Sites::Export { output } => {
            export(session, output.as_deref())?;
            match file_named(output.as_deref()) {
                Some(path) => session.output.written(path),
                None => Ok(()),
            }
        }
        Sites::Import { export } => import(session, &export),
        Sites::Delete {
            export: kept, yes, ..
        } => delete(session, kept.as_deref(), yes),
    }
}

/// Writes the export as it comes; a broken one leaves no file that looks whole.
fn export(session: &Session, path: Option<&Path>) -> Result<(), Failure> {
    let path = file_named(path);
    if path.is_none() {
        session.output.must_be_text()?;
    }
    let answer = session
        .client
        .send(&Call::of(Route::Export, &[session.site()?]))?;
    let Some(path) = path else {
        return copy(
            session,
            answer.into_reader(),
            &mut std::io::stdout().lock(),
            "stdout",
        );
    };
    let name = path.display().to_string();
    let unfinished = PathBuf::from(format!("{name}.part"));
    let failed = |error| Failure::local(&name, error);
    let mut file = std::fs::File::create(&unfinished).map_err(failed)?;
    let copied = copy(session, answer.into_reader(), &mut file, &name)
        .and_then(|()| file.sync_all().map_err(failed))
        .and_then(|()| std::fs::rename(&unfinished, path).map_err(failed));
    if copied.is_err() {
        // What is left of it is of no use; that it cannot be removed changes nothing.
        let _ = std::fs::remove_file(&unfinished);
    }
    copied
}

fn copy(
    session: &Session,
    mut from: impl std::io::Read,
    to: &mut dyn Write,
    name: &str,
) -> Result<(), Failure> {
    let progress = session.output.progress("bytes", None);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = from
            .read(&mut buffer)
            .map_err(|error| Failure::Unreachable(client::broke_off(&error)))?;
        if count == 0 {
            break;
        }
        to.write_all(&buffer[..count])
            .map_err(|error| Failure::local(name, error))?;
        progress.inc(count as u64);
    }
    progress.finish_and_clear();
    to.flush().map_err(|error| Failure::local(name, error))
}

fn import(session: &Session, path: &Path) -> Result<(), Failure> {
    let (mut file, bytes) = client::open(path)?;
    let head = first_line(&mut file)
        .map_err(|error| Failure::local(&path.display().to_string(), error))?;
    // The export says of which site it is; a flag may only agree.
    let named = serde_json::from_str::<serde_json::Value>(&head).unwrap_or_default();
    let named = named["site"].as_str().map(str::to_owned);
    let site = match (named, session.site()) {
        (Some(named), Err(_)) => named,
        (_, Ok(site)) => site.to_owned(),
        (None, Err(_)) => {
            return Err(Failure::Usage(said!(
                "{} is no export",
                "{} не выгрузка",
                path.display()
            )));
        }
    };
    let progress = session.output.progress("bytes", Some(bytes));
    let (file, _) = client::open(path)?;
    let mut reader = std::io::BufReader::new(file);
    let failed = |error| Failure::local(&path.display().to_string(), error);
    let upload = client::idempotency_key()?;
    let mut next = next_part(&mut reader).map_err(failed)?;
    let mut part = 0;
    let answer = loop {
        let lines = next;
        next = next_part(&mut reader).map_err(failed)?;
        let last = next.is_empty().then_some(1);
        let call = Call::of(Route::Import, &[&site])
            .with("upload", Some(&upload))
            .with("part", Some(part))
            .with("last", last)
            .sending(&lines);
        let answer = session.ask(&call);
        progress.inc(lines.len() as u64);
        if last.is_some() || answer.is_err() {
            break answer;
        }
        part += 1;
    };
    progress.finish_and_clear();
    if answer.as_ref().is_err_and(Failure::may_pass) {
        session.output.say(&said!(
            "nothing of {site} is there until all of it has come: import it again",
            "пока не пришло всё, от {site} ничего нет: загрузите снова"
        ));
    }
    let answer = answer?;
    let sentence = said!("{site}: {} lines", "{site}: строк {}", answer["lines"]);
    session.output.done(&sentence, &answer)
}

/// Bytes of a part, but for its last line: several times less than the least that a platform takes
/// in one request (Cloudflare: 100 MB).
const PART_BYTES: usize = 16_000_000;

/// The lines of the next part; empty at the end.
fn next_part(reader: &mut impl std::io::BufRead) -> std::io::Result<String> {
    let mut lines = String::new();
    while lines.len() < PART_BYTES && reader.read_line(&mut lines)? > 0 {}
    Ok(lines)
}

fn first_line(file: &mut std::fs::File) -> std::io::Result<String> {
    let mut line = vec![0; 1024];
    let count = file.read(&mut line)?;
    line.truncate(count);
    let text = String::from_utf8_lossy(&line);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn delete(session: &Session, kept: Option<&Path>, yes: bool) -> Result<(), Failure> {
    let site = session.site()?;
    if !yes {
        confirm(site, session.output.russian)?;
    }
    if let Some(path) = kept {
        export(session, Some(path))?;
        session
            .output
            .say(&said!("exported to {}", "выгружен в {}", path.display()));
    }
    session.ask(&Call::of(Route::SiteDelete, &[site]))?;
    session.output.done(
        &said!("{site} deleted", "{site} удалён"),
        &serde_json::json!({ "deleted": site }),
    )
}

/// The site's name must be typed; where nobody can type, `--yes` must have been given.
fn confirm(site: &str, russian: bool) -> Result<(), Failure> {
    let refused = || {
        Failure::Usage(said!(
            "{site} was not deleted: give --yes, or its name",
            "{site} не удалён: укажите --yes или его имя"
        ))
    };
    if !std::io::stdin().is_terminal() {
        return Err(refused());
    }
    let mut stderr = std::io::stderr();
    let question = said!(
        "Everything of {site} will be gone. Type its name: ",
        "Всё, что есть у {site}, исчезнет. Введите его имя: "
    );
    let _ = write!(stderr, "{}", chosen(&question, russian));
    let _ = stderr.flush();
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .map_err(|error| Failure::local("stdin", error))?;
    if line.trim() == site {
        Ok(())
    } else {
        Err(refused())
    }
}
