//! `cargo xtask scale`: the sizes that are promised, driven on workerd, with the figures they give.
//!
//! - a thousand sites made, listed and visited;
//! - a site of 200 scenarios;
//! - a pool of 10,000 numbers that takes 100,000 page views, every one of a new visitor, as many as
//!   a busy site has in a day; its live view, and its first answer after a restart.
//!
//! What is judged is the time of a request as its client sees it with nobody beside him, which is
//! more than the object's own; the crowd is there for the load, its times are told and not judged.

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
const ALONE: u64 = 2_000;

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

/// Times of many requests, in milliseconds.
struct Times(Vec<f64>);

impl Times {
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

fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, f64)> {
    let start = Instant::now();
    let result = work()?;
    Ok((result, start.elapsed().as_secs_f64() * 1e3))
}

fn drive(state: &Path) -> Result<Vec<Figure>> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
    let start = || {
        Runtime::start(&Options {
            address,
            state,
            variables: &[("RINGLET_ADMIN_TOKEN", TOKEN)],
        })
    };
    let base = format!("http://{address}");
    let runtime = start()?;
    let mut figures = Vec::new();
    sites(&base, &mut figures)?;
    scenarios(&base, &mut figures)?;
    eprintln!("  {VISITS} page views of one pool ...");
    crowd(&base, address, &mut figures)?;
    if let Some(bytes) = resident_bytes(runtime.id()) {
        figures.push(told("memory_of_workerd_mb", bytes / 1e6));
    }
    drop(runtime);
    let _again = start()?;
    let (_, ms) = timed(|| visit(&base, "big", VISITS * 100))?;
    figures.push(told("big_first_view_after_restart_ms", ms));
    Ok(figures)
}

/// A thousand sites: each made and visited, then listed.
fn sites(base: &str, figures: &mut Vec<Figure>) -> Result<()> {
    eprintln!("  {SITES} sites ...");
    let api = Api { base, token: TOKEN };
    let (mut made, mut seen) = (Times(Vec::new()), Times(Vec::new()));
    for site in 0..SITES {
        let id = format!("site-{site}");
        let configuration = site_of(&id, 4, 1);
        let (_, ms) = timed(|| api.put_configuration(&id, &configuration, None))?;
        made.0.push(ms);
        let (_, ms) = timed(|| visit(base, &id, site))?;
        seen.0.push(ms);
    }
    let mut listed = 0;
    let mut cursor = String::new();
    let mut pages = Times(Vec::new());
    loop {
        let address = format!("{base}/api/v1/sites?limit=200&cursor={cursor}");
        let (page, ms) = timed(|| read(&address))?;
        pages.0.push(ms);
        listed += page["sites"].as_array().map_or(0, Vec::len) as u64;
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    ensure!(listed == SITES, "{listed} of {SITES} sites are listed");
    figures.push(told("sites_made_p99_ms", made.at(0.99)));
    figures.push(told("sites_first_view_p50_ms", seen.at(0.5)));
    figures.push(judged("sites_first_view_p99_ms", seen.at(0.99)));
    figures.push(judged("sites_page_of_list_max_ms", pages.at(1.0)));
    Ok(())
}

/// A site of the most scenarios, all of them on the page.
fn scenarios(base: &str, figures: &mut Vec<Figure>) -> Result<()> {
    eprintln!("  {SCENARIOS} scenarios ...");
    let api = Api { base, token: TOKEN };
    let configuration = site_of("many", 400, SCENARIOS);
    let (_, ms) = timed(|| api.put_configuration("many", &configuration, None))?;
    figures.push(told("scenarios_put_ms", ms));
    let mut times = Times(Vec::new());
    for number in 0..200 {
        let (_, ms) = timed(|| visit(base, "many", number))?;
        times.0.push(ms);
    }
    figures.push(told("scenarios_view_p50_ms", times.at(0.5)));
    figures.push(judged("scenarios_view_p99_ms", times.at(0.99)));
    Ok(())
}

/// The largest pool under a day's page views.
fn crowd(base: &str, address: SocketAddr, figures: &mut Vec<Figure>) -> Result<()> {
    let api = Api { base, token: TOKEN };
    let configuration = site_of("big", NUMBERS, 1);
    let (_, ms) = timed(|| api.put_configuration("big", &configuration, None))?;
    figures.push(told("big_put_ms", ms));
    let body = |number: u64| visit_of(number);
    let target = Target {
        address,
        path: "/v1/sites/big/visit",
        headers: HEADERS,
        body: &body,
    };
    let (mut next, mut sent) = (1, 0.0);
    let begun = Instant::now();
    #[expect(clippy::cast_precision_loss, reason = "counts")]
    let wanted = VISITS as f64;
    while sent < wanted {
        let start = Instant::now();
        let round = load::throughput(&target, next, Duration::from_secs(5))?;
        sent += round.per_second * start.elapsed().as_secs_f64();
        next = round.next;
    }
    figures.push(told(
        "big_views_per_second",
        sent / begun.elapsed().as_secs_f64(),
    ));
    let mut times = Times(Vec::new());
    for number in 0..ALONE {
        let (_, ms) = timed(|| visit(base, "big", next + number))?;
        times.0.push(ms);
    }
    figures.push(told("big_view_p50_ms", times.at(0.5)));
    figures.push(judged("big_view_p999_ms", times.at(0.999)));
    figures.push(told("big_view_max_ms", times.at(1.0)));
    let (_, ms) = timed(|| read(&format!("{base}/api/v1/sites/big/pools/s0")))?;
    figures.push(judged("big_load_ms", ms));
    let (_, ms) = timed(|| {
        read(&format!(
            "{base}/api/v1/sites/big/leases?number=74950000001"
        ))
    })?;
    figures.push(judged("big_leases_ms", ms));
    let (_, ms) = timed(|| read(&format!("{base}/api/v1/sites/big/live")))?;
    figures.push(told("big_live_view_ms", ms));
    let (check, ms) = timed(|| read(&format!("{base}/api/v1/sites/big/check")))?;
    ensure!(check["ok"] == true, "the check finds {check}");
    figures.push(told("big_check_ms", ms));
    Ok(())
}

/// Bytes of memory that a process has; nothing where the system does not tell.
fn resident_bytes(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kilobytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024.0)
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
    let answer = api::agent()
        .post(format!("{base}/v1/sites/{site}/visit"))
        .header("origin", ORIGIN)
        .header("content-type", "text/plain")
        .send(visit_of(number))?;
    let text = api::accepted(answer).context("a visit was refused")?;
    ensure!(text.contains("\"numbers\":[{"), "no number: {text}");
    Ok(())
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
    json!({
        "v": 1, "agent": "0.1.0",
        "url": format!("https://scale.example/?utm_source=yandex&roistat=direct_{number}"),
        "referrer": "https://yandex.ru/", "targets": [], "consent": "granted",
        "device": "desktop", "key": format!("key-{number:022}"), "tab": 1,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_times_is_found() {
        let mut times = Times((1..=1_000).map(f64::from).collect());
        assert!((times.at(0.5) - 501.0).abs() < 2.0);
        assert!((times.at(1.0) - 1_000.0).abs() < 1e-9);
    }
}
