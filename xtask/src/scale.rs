//! `cargo xtask scale`: the sizes that are promised, driven on workerd, with the figures they give.
//!
//! - a thousand sites made, listed and visited;
//! - a site of 200 scenarios;
//! - a pool of 10,000 numbers, configured as the first thing that a process does;
//! - the same, that takes 100,000 page views, every one of a new visitor, as many as
//!   a busy site has in a day; its live view, its check, other configurations of it, and its
//!   first answer after a stop: one that found it quiet, to a new visitor and to one who was there
//!   before, one in the midst of visits, and one in the midst of ten configurations.
//!
//! What is judged is the time of objects. It cannot be read from outside, so two are read that it
//! never exceeds: the processor's time that workerd's main thread takes for a request with nobody
//! beside it (the Worker, its objects, their databases, and whatever the engine clears away
//! meanwhile), and the longest turn of any object, on the wall, which the Worker of a development
//! run tells. The less of both is judged for a page view; where a request is answered in several
//! turns, the longest turn: so long others wait; and where a page view waits for several turns,
//! their sum. A busy machine only adds to it, so the least of several repetitions is taken; of
//! first answers after a stop the median, because an alarm that was due may have woken the pool
//! before one of them. All is told, and what a client sees.

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::api::{self, Api};
use crate::bench::load::{self, Target};
use crate::runtime::{self, Options, Runtime};
use crate::size::{TOKEN, free_port};
use crate::{build, cli, output};

/// What is promised: no request takes an object longer.
const LIMIT_MS: f64 = 50.0;

const SITES: u64 = 1_000;
const SCENARIOS: u64 = 200;
const NUMBERS: u64 = 10_000;
const VISITS: u64 = 100_000;
/// Page views one after the other, whose times are judged.
const ALONE: u64 = 6_000;
/// How often what takes several turns is repeated: what a busy machine adds differs each time.
const REPEATS: u64 = 5;
/// Rows of grants that such a pool has at most, at the pace of such a day, since it was last
/// written down whole: a quarter of 4,500, and those of a minute.
const UNWRITTEN: u64 = 1_200;
/// The runtime puts an object to sleep that nobody has asked for ten seconds.
const QUIET: Duration = Duration::from_secs(10);

const ORIGIN: &str = "https://scale.example";
const HEADERS: &str = "origin: https://scale.example\r\ncontent-type: text/plain\r\n";

/// Runs everything, prints, and fails where a promise is not kept.
pub(crate) fn run(flags: &cli::Report) -> Result<()> {
    build::all()?;
    runtime::write_configuration()?;
    let state = std::env::temp_dir().join(format!("ringlet-scale-{}", std::process::id()));
    let figures = drive(&state);
    let _ = std::fs::remove_dir_all(&state);
    let figures = figures?;
    if flags.json {
        let report: serde_json::Map<String, Value> = figures
            .iter()
            .map(|figure| (figure.name.to_owned(), Value::from(figure.value)))
            .collect();
        output::line(&Value::Object(report).to_string());
        return Ok(());
    }
    let mut broken = Vec::new();
    for figure in &figures {
        let kept = figure.limit.is_none_or(|limit| figure.value <= limit);
        let limit = figure
            .limit
            .map_or_else(String::new, |limit| format!("  <= {limit}"));
        output::line(&format!(
            "{:<40} {:>12.2}{limit}",
            figure.name, figure.value
        ));
        if !kept {
            broken.push(figure.name);
        }
    }
    if !broken.is_empty() {
        bail!("not kept: {}", broken.join(", "));
    }
    Ok(())
}

/// One figure, and what it must not exceed, if anything.
struct Figure {
    name: &'static str,
    value: f64,
    limit: Option<f64>,
}

const fn told(name: &'static str, value: f64) -> Figure {
    Figure {
        name,
        value,
        limit: None,
    }
}

const fn judged(name: &'static str, value: f64) -> Figure {
    Figure {
        name,
        value,
        limit: Some(LIMIT_MS),
    }
}

/// Times of many requests: as their clients saw them, and of the processor.
#[derive(Default)]
struct Spent {
    seen: Times,
    worked: Times,
    object: Times,
}

impl Spent {
    /// Adds what `edge` took just now. The objects' part is at most the processor's time of the
    /// thread, and at most the longest turn, so what is less of the two is still no less than it.
    fn add(&mut self, edge: &Edge, (seen_ms, worked_ms): (f64, f64)) -> Result<()> {
        self.seen.0.push(seen_ms);
        self.worked.0.push(worked_ms);
        let object_ms = if worked_ms > LIMIT_MS {
            worked_ms.min(edge.longest_turn_ms()?)
        } else {
            worked_ms
        };
        self.object.0.push(object_ms);
        Ok(())
    }
}

/// Times of many requests, in milliseconds.
#[derive(Default)]
struct Times(Vec<f64>);

impl Times {
    /// How many took longer.
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    fn over(&self, limit_ms: f64) -> f64 {
        self.0.iter().filter(|ms| **ms > limit_ms).count() as f64
    }

    /// The time that this share of them, 0 to 1, took at most.
    fn at(&mut self, share: f64) -> f64 {
        self.0.sort_by(f64::total_cmp);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place in a list"
        )]
        let place = ((self.0.len() as f64 - 1.0) * share).round() as usize;
        self.0.get(place).copied().unwrap_or_default()
    }
}

/// A running Worker, and the process it is.
struct Edge {
    base: String,
    address: SocketAddr,
    process: u32,
    _runtime: Runtime,
}

impl Edge {
    fn start(state: &Path) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let runtime = Runtime::start(&Options {
            address,
            state,
            // In development the Worker tells its longest turn.
            variables: &[("RINGLET_ADMIN_TOKEN", TOKEN), ("RINGLET_DEV", "1")],
        })?;
        Ok(Self {
            base: format!("http://{address}"),
            address,
            process: runtime.id(),
            _runtime: runtime,
        })
    }

    /// What `work` gives, the time it took, and the processor's time that the runtime took for it.
    fn timed<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<(T, (f64, f64))> {
        let worked = processor_ms(self.process);
        let start = Instant::now();
        let result = work()?;
        let seen_ms = start.elapsed().as_secs_f64() * 1e3;
        // Where the system tells no more, what was seen stands for it.
        let worked_ms = match (worked, processor_ms(self.process)) {
            (Some(before), Some(after)) => after - before,
            _ => seen_ms,
        };
        Ok((result, (seen_ms, worked_ms)))
    }

    /// The longest turn of any object since this was asked last.
    fn longest_turn_ms(&self) -> Result<f64> {
        Ok(self.turns_ms()?.0)
    }

    /// The same, and all turns together.
    fn turns_ms(&self) -> Result<(f64, f64)> {
        let answer = api::agent().get(format!("{}/healthz", self.base)).call()?;
        let told = |name: &str| answer.headers().get(name)?.to_str().ok()?.parse().ok();
        let both = told("ringlet-longest-turn-ms").zip(told("ringlet-turns-ms"));
        both.context("the Worker does not tell its turns")
    }

    /// Puts a configuration in place of any other.
    fn put(&self, site: &str, configuration: &Value) -> Result<f64> {
        let api = Api {
            base: &self.base,
            token: TOKEN,
        };
        let stored = api.configuration(site)?;
        let etag = stored.as_ref().and_then(|stored| stored.etag.as_deref());
        // What was read is not what is measured.
        self.turns_ms()?;
        let (_, (_, ms)) = self.timed(|| api.put_configuration(site, configuration, etag))?;
        Ok(ms)
    }
}

/// Time that the main thread of a process has had a processor.
fn processor_ms(process: u32) -> Option<f64> {
    let path = format!("/proc/{process}/task/{process}/schedstat");
    let text = std::fs::read_to_string(path).ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e6)
}

fn drive(state: &Path) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    sites(&Edge::start(&state.join("sites"))?, &mut figures)?;
    scenarios(&Edge::start(&state.join("scenarios"))?, &mut figures)?;
    eprintln!("  {NUMBERS} numbers, configured as the first thing a process does ...");
    fresh(state, &mut figures)?;
    eprintln!("  {VISITS} page views of one pool ...");
    let state = state.join("big");
    let edge = Edge::start(&state)?;
    let seen = crowd(&edge, &mut figures)?;
    // Nobody asks for a while: what is asked all day long is not put to sleep.
    std::thread::sleep(QUIET);
    drop(edge);
    let names = [
        "big_first_view_after_restart_ms",
        "big_first_view_after_restart_object_ms",
        "big_first_view_after_restart_turn_ms",
    ];
    let nobody = |_: &Edge| Ok(());
    let new = |time: u64| visit_of(VISITS * 100 + time);
    woken(&state, &mut figures, names, nobody, new)?;
    let names = [
        "big_first_view_of_a_returning_ms",
        "big_first_view_of_a_returning_object_ms",
        "big_first_view_of_a_returning_turn_ms",
    ];
    let returning = |time: u64| visit_again(VISITS * 200 + time, &seen[time as usize]);
    woken(&state, &mut figures, names, nobody, returning)?;
    let names = [
        "big_first_view_amid_puts_ms",
        "big_first_view_amid_puts_object_ms",
        "big_first_view_amid_puts_turn_ms",
    ];
    // Rows that a day of 100,000 visits leaves until they are written down whole.
    paced(&state, &mut figures)?;
    let puts = |edge: &Edge| {
        (0..REPEATS).try_for_each(|version| edge.put("big", &other_times(version)).map(drop))?;
        (0..REPEATS).try_for_each(|version| edge.put("big", &other_numbers(version)?).map(drop))
    };
    woken(&state, &mut figures, names, puts, new)?;
    Ok(figures)
}

/// The first configuration of the largest pool where nobody asked the process for anything before,
/// several times.
fn fresh(state: &Path, figures: &mut Vec<Figure>) -> Result<()> {
    let (mut worked, mut turns, mut all) = (Times::default(), Times::default(), Times::default());
    for time in 0..REPEATS {
        let edge = Edge::start(&state.join(format!("fresh-{time}")))?;
        worked.0.push(edge.put("big", &site_of("big", NUMBERS, 1))?);
        let (longest_ms, all_ms) = edge.turns_ms()?;
        turns.0.push(longest_ms);
        all.0.push(all_ms);
    }
    figures.push(told("fresh_put_ms", worked.at(0.0)));
    figures.push(told("fresh_put_turns_ms", all.at(0.0)));
    figures.push(judged("fresh_put_turn_ms", turns.at(0.0)));
    Ok(())
}

/// The first page view of the largest pool after a stop, several times, each after another start
/// that ends as soon as `before` is done; `asks` is what the visitor of each time sends.
fn woken(
    state: &Path,
    figures: &mut Vec<Figure>,
    [name, object, turn]: [&'static str; 3],
    before: impl Fn(&Edge) -> Result<()>,
    asks: impl Fn(u64) -> String,
) -> Result<()> {
    let (mut worked, mut turns, mut all) = (Times::default(), Times::default(), Times::default());
    for time in 0..REPEATS {
        before(&Edge::start(state)?)?;
        let again = Edge::start(state)?;
        // The script first: what the runtime itself does once is not the pool's.
        script(&again, "big")?;
        again.turns_ms()?;
        let (_, (_, ms)) = again.timed(|| ask(&again.base, "big", asks(time)))?;
        let (longest_ms, all_ms) = again.turns_ms()?;
        worked.0.push(ms);
        turns.0.push(longest_ms);
        // As in `Spent`: both are no less than the objects' part.
        all.0.push(all_ms.min(ms));
    }
    figures.push(told(name, worked.at(0.5)));
    // Who asks waits for all of them.
    figures.push(judged(object, all.at(0.5)));
    figures.push(judged(turn, turns.at(0.5)));
    Ok(())
}

/// The first page view of the largest pool that was stopped while people came, several times over
/// the same state.
fn paced(state: &Path, figures: &mut Vec<Figure>) -> Result<()> {
    let edge = Edge::start(state)?;
    for number in 0..UNWRITTEN {
        visit(&edge.base, "big", VISITS * 300 + number)?;
    }
    drop(edge);
    let (mut worked, mut turns, mut all) = (Times::default(), Times::default(), Times::default());
    for time in 0..REPEATS {
        let copy = state.with_extension(format!("{time}"));
        copied(state, &copy)?;
        let edge = Edge::start(&copy)?;
        script(&edge, "big")?;
        edge.turns_ms()?;
        let body = visit_of(VISITS * 400 + time);
        let (_, (_, ms)) = edge.timed(|| ask(&edge.base, "big", body))?;
        let (longest_ms, all_ms) = edge.turns_ms()?;
        worked.0.push(ms);
        turns.0.push(longest_ms);
        all.0.push(all_ms.min(ms));
        drop(edge);
        std::fs::remove_dir_all(&copy)?;
    }
    figures.push(told("big_first_view_amid_visits_ms", worked.at(0.5)));
    figures.push(judged("big_first_view_amid_visits_object_ms", all.at(0.5)));
    figures.push(judged("big_first_view_amid_visits_turn_ms", turns.at(0.5)));
    Ok(())
}

/// Copies a directory with all that is in it.
fn copied(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copied(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// A thousand sites: each made and visited, then listed.
fn sites(edge: &Edge, figures: &mut Vec<Figure>) -> Result<()> {
    eprintln!("  {SITES} sites ...");
    let mut made = Times::default();
    let mut views = Spent::default();
    for site in 0..SITES {
        let id = format!("site-{site}");
        if site % 100 == 99 {
            eprintln!("  {} sites", site + 1);
        }
        made.0.push(edge.put(&id, &site_of(&id, 4, 1))?);
        let (_, spent) = edge.timed(|| visit(&edge.base, &id, site))?;
        views.add(edge, spent)?;
    }
    let mut listed = 0;
    let mut cursor = None;
    let mut pages = Spent::default();
    loop {
        let cursor_part = cursor.map_or_else(String::new, |next| format!("&cursor={next}"));
        let address = format!("{}/api/v1/sites?limit=200{cursor_part}", edge.base);
        let (page, spent) = edge.timed(|| read(&address))?;
        pages.add(edge, spent)?;
        listed += page["sites"].as_array().map_or(0, Vec::len) as u64;
        match page["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    figures.push(told("sites_longest_turn_ms", edge.longest_turn_ms()?));
    ensure!(listed == SITES, "{listed} of {SITES} sites are listed");
    figures.push(told("sites_made_p50_ms", made.at(0.5)));
    figures.push(told("sites_first_view_p50_ms", views.worked.at(0.5)));
    figures.push(told("sites_first_view_max_ms", views.worked.at(1.0)));
    figures.push(judged(
        "sites_first_view_object_max_ms",
        views.object.at(1.0),
    ));
    figures.push(told("sites_first_view_seen_p50_ms", views.seen.at(0.5)));
    figures.push(judged("sites_page_of_list_max_ms", pages.object.at(1.0)));
    if let Some(bytes) = resident_bytes(edge.process) {
        figures.push(told("sites_memory_mb", bytes / 1e6));
    }
    Ok(())
}

/// A site of the most scenarios, all of them on the page.
fn scenarios(edge: &Edge, figures: &mut Vec<Figure>) -> Result<()> {
    eprintln!("  {SCENARIOS} scenarios ...");
    let ms = edge.put("many", &site_of("many", 400, SCENARIOS))?;
    figures.push(told("scenarios_put_ms", ms));
    let mut views = Spent::default();
    for number in 0..400 {
        let (_, spent) = edge.timed(|| visit(&edge.base, "many", number))?;
        views.add(edge, spent)?;
    }
    figures.push(told("scenarios_view_p50_ms", views.worked.at(0.5)));
    figures.push(told("scenarios_view_max_ms", views.worked.at(1.0)));
    figures.push(judged("scenarios_view_object_max_ms", views.object.at(1.0)));
    Ok(())
}

/// The largest pool under a day's page views.
///
/// Returns visitors of its middle, whose numbers others have had since.
fn crowd(edge: &Edge, figures: &mut Vec<Figure>) -> Result<Vec<String>> {
    let base = &edge.base;
    let empty = resident_bytes(edge.process);
    // A small site first: what the runtime itself does once is not the pool's.
    edge.put("small", &site_of("small", 10, 1))?;
    figures.push(told("small_put_turn_ms", edge.longest_turn_ms()?));
    let ms = edge.put("big", &site_of("big", NUMBERS, 1))?;
    figures.push(told("big_put_ms", ms));
    figures.push(judged("big_put_turn_ms", edge.longest_turn_ms()?));
    let body = |number: u64| visit_of(number);
    let target = Target {
        address: edge.address,
        path: "/v1/sites/big/visit",
        headers: HEADERS,
        body: &body,
    };
    let (mut next, mut sent) = (1, 0.0);
    let begun = Instant::now();
    #[expect(clippy::cast_precision_loss, reason = "counts")]
    let wanted = (VISITS - ALONE) as f64;
    let mut seen = Vec::new();
    while sent < wanted {
        if sent > wanted / 2.0 && seen.is_empty() {
            for number in next..next + REPEATS {
                seen.push(ask(base, "big", visit_of(number))?);
            }
            next += REPEATS;
        }
        let start = Instant::now();
        let round = load::throughput(&target, next, Duration::from_secs(5))?;
        sent += round.per_second * start.elapsed().as_secs_f64();
        next = round.next;
    }
    let per_second = sent / begun.elapsed().as_secs_f64();
    figures.push(told("big_views_per_second", per_second));
    let mut views = Spent::default();
    figures.push(told("big_crowd_turn_ms", edge.longest_turn_ms()?));
    for number in 0..ALONE {
        let (_, spent) = edge.timed(|| visit(base, "big", next + number))?;
        views.add(edge, spent)?;
    }
    figures.push(told("big_view_p50_ms", views.worked.at(0.5)));
    figures.push(told("big_view_p999_ms", views.worked.at(0.999)));
    figures.push(told("big_view_max_ms", views.worked.at(1.0)));
    figures.push(judged("big_view_object_max_ms", views.object.at(1.0)));
    let over = views.worked.over(LIMIT_MS);
    figures.push(told("big_views_over_the_limit", over));
    figures.push(told("big_view_seen_p50_ms", views.seen.at(0.5)));
    if let (Some(empty), Some(full)) = (empty, resident_bytes(edge.process)) {
        figures.push(told("big_memory_mb", (full - empty) / 1e6));
    }
    administer(edge, figures)?;
    Ok(seen)
}

/// What owners ask of the largest pool.
fn administer(edge: &Edge, figures: &mut Vec<Figure>) -> Result<()> {
    let site = format!("{}/api/v1/sites/big", edge.base);
    for (name, path) in [
        ("big_load_ms", "pools/s0"),
        ("big_leases_ms", "leases?number=74950000001"),
    ] {
        let (_, (_, ms)) = edge.timed(|| read(&format!("{site}/{path}")))?;
        figures.push(judged(name, ms));
    }
    for (name, turn, path) in [
        ("big_live_page_max_ms", "big_live_turn_ms", "live"),
        ("big_numbers_page_max_ms", "big_numbers_turn_ms", "numbers"),
    ] {
        let address = format!("{site}/{path}");
        repeated(edge, figures, (name, turn), || by_pages(edge, &address))?;
    }
    let names = ("big_check_ms", "big_check_turn_ms");
    repeated(edge, figures, names, || {
        let (check, (_, ms)) = edge.timed(|| read(&format!("{site}/check")))?;
        ensure!(check["ok"] == true, "the check finds {check}");
        Ok(ms)
    })?;
    configure(edge, figures)
}

/// Puts other configurations of the largest pool while a hundred thousand visitors are remembered:
/// one by which every number stays, and one that takes a hundred numbers away and brings others.
fn configure(edge: &Edge, figures: &mut Vec<Figure>) -> Result<()> {
    let version = Cell::new(0);
    let next = || version.replace(version.get() + 1);
    let names = ("big_put_other_times_ms", "big_put_other_times_turn_ms");
    let put = || edge.put("big", &other_times(next()));
    repeated(edge, figures, names, put)?;
    let names = ("big_put_other_numbers_ms", "big_put_other_numbers_turn_ms");
    let put = || edge.put("big", &other_numbers(next())?);
    repeated(edge, figures, names, put)
}

/// The largest pool with the same numbers.
fn other_times(version: u64) -> Value {
    let mut site = site_of("big", NUMBERS, 1);
    site["pools"][0]["hold_ms"] = json!(200_000 + version);
    site
}

/// The largest pool without a hundred of its numbers, and with others: those of the version before
/// come back.
fn other_numbers(version: u64) -> Result<Value> {
    let mut site = site_of("big", NUMBERS + 100, 1);
    let numbers = site["pools"][0]["numbers"].as_array_mut();
    let numbers = numbers.context("a site without numbers")?;
    let gone = if version.is_multiple_of(2) { 0 } else { 5_000 };
    numbers.drain(gone..gone + 100);
    Ok(site)
}

/// Does `work`, which gives the processor's time it took, several times; pushes the least of these
/// times, and the least of the longest turns.
fn repeated(
    edge: &Edge,
    figures: &mut Vec<Figure>,
    (name, turn): (&'static str, &'static str),
    work: impl Fn() -> Result<f64>,
) -> Result<()> {
    let (mut worked, mut turns) = (Times::default(), Times::default());
    for _ in 0..REPEATS {
        edge.longest_turn_ms()?;
        worked.0.push(work()?);
        turns.0.push(edge.longest_turn_ms()?);
    }
    figures.push(told(name, worked.at(0.0)));
    figures.push(judged(turn, turns.at(0.0)));
    Ok(())
}

/// Reads a list of the largest pool's numbers to its end; gives the most that a page took.
fn by_pages(edge: &Edge, address: &str) -> Result<f64> {
    let mut pages = Times::default();
    let mut cursor = String::new();
    loop {
        let address = format!("{address}?limit=1000{cursor}");
        let (page, (_, ms)) = edge.timed(|| read(&address))?;
        pages.0.push(ms);
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let count = pages.0.len();
    ensure!(count == 10, "{count} pages of {address}");
    Ok(pages.at(1.0))
}

/// Bytes of memory that a process has; nothing where the system does not tell.
fn resident_bytes(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024.0)
}

fn script(edge: &Edge, site: &str) -> Result<()> {
    let answer = api::agent()
        .get(format!("{}/s/{site}.js", edge.base))
        .call()?;
    api::accepted(answer).map(drop).context("no script")
}

fn read(address: &str) -> Result<Value> {
    let answer = api::agent()
        .get(address)
        .header("authorization", format!("Bearer {TOKEN}"))
        .call()?;
    let text = api::accepted(answer).with_context(|| address.to_owned())?;
    Ok(serde_json::from_str(&text)?)
}

fn visit(base: &str, site: &str, number: u64) -> Result<()> {
    ask(base, site, visit_of(number)).map(drop)
}

/// Asks for a number; returns the id that the visitor has from now on.
fn ask(base: &str, site: &str, body: String) -> Result<String> {
    let answer = api::agent()
        .post(format!("{base}/v1/sites/{site}/visit"))
        .header("origin", ORIGIN)
        .header("content-type", "text/plain")
        .send(body)?;
    let text = api::accepted(answer).context("a visit was refused")?;
    ensure!(text.contains("\"numbers\":[{"), "no number: {text}");
    let told: Value = serde_json::from_str(&text)?;
    Ok(told["visitor"].as_str().unwrap_or_default().to_owned())
}

/// A site of `scenarios` scenarios over one pool.
fn site_of(id: &str, numbers: u64, scenarios: u64) -> Value {
    let numbers: Vec<String> = (1..=numbers)
        .map(|number| (74_950_000_000 + number).to_string())
        .collect();
    let scenario = |number: u64| {
        json!({
            "id": format!("s{number}"), "name": format!("Scenario {number}"), "enabled": true,
            "kind": "dynamic", "pool": "main", "priority": number,
            "conditions": [{ "dimension": "utm_source", "operator": "contains",
                             "values": ["yandex", format!("source-{number}")] }],
            "targets": [{ "class": format!("phone-{number}") }],
        })
    };
    json!({
        "v": 1, "site": id, "name": "Scale", "origins": [ORIGIN], "time_zone": "Europe/Moscow",
        "locale": "en", "country_code": "7", "consent": "granted",
        "pools": [{ "id": "main", "numbers": numbers }],
        "scenarios": (0..scenarios).map(scenario).collect::<Vec<_>>(),
    })
}

/// The first page view of a new visitor.
fn visit_of(number: u64) -> String {
    visit_body(number).to_string()
}

fn visit_body(number: u64) -> Value {
    json!({
        "v": 1, "agent": "0.1.0",
        "url": format!("https://scale.example/?utm_source=yandex&roistat=direct_{number}"),
        "referrer": "https://yandex.ru/", "targets": [], "consent": "granted",
        "device": "desktop", "key": format!("key-{number:022}"), "tab": 1,
    })
}

/// What the page of a visitor sends who was there before.
fn visit_again(number: u64, visitor: &str) -> String {
    let mut body = visit_body(number);
    body["visitor"] = json!(visitor);
    body.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_times_is_found() {
        let mut times = Times((1..=1_000).map(f64::from).collect());
        assert!((times.at(0.5) - 501.0).abs() < 2.0);
        assert!((times.at(1.0) - 1_000.0).abs() < 1e-9);
        assert!((times.over(990.0) - 10.0).abs() < 1e-9);
    }
}
