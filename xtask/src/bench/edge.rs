//! `edge.visit_ratio_to_empty_object`: what the product's work costs a page view at the edge.
//!
//! One process of workerd runs both the product and an empty object, and rounds alternate, so
//! that whatever the machine does meanwhile hits both alike. Each visit is of a new visitor who
//! is lent a number of his own, the dearest kind: a grant is decided and a row written. The
//! ratio is taken pair by pair; the median of the pairs is the figure.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::Figure;
use super::load::{self, Target};
use crate::api::{self, Api};
use crate::runtime::{self, COMPATIBILITY_DATE, Options, Runtime};
use crate::size::{TOKEN, free_port};
use crate::{paths, stamp};

/// Pairs of rounds that count; one more before them warms both up.
const PAIRS: usize = 7;

/// Length of one round.
const ROUND: Duration = Duration::from_secs(2);

const SITE: &str = "bench";
const PATH: &str = "/v1/sites/bench/visit";
const ORIGIN: &str = "https://bench.example";
const HEADERS: &str = "origin: https://bench.example\r\ncontent-type: text/plain\r\n";

/// Numbers of the pool: the most that one pool may hold (`limits::POOL_NUMBERS`).
const NUMBERS: u64 = 10_000;

/// Runs both and compares.
pub(crate) fn measure() -> Result<Vec<Figure>> {
    write_configuration()?;
    let state = std::env::temp_dir().join(format!("ringlet-bench-{}", std::process::id()));
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
    let empty = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
    let runtime = Runtime::start_with(
        &Options {
            address,
            state: &state,
            variables: &[("RINGLET_ADMIN_TOKEN", TOKEN)],
        },
        "bench.capnp",
        &[("empty", empty)],
    )?;
    let figures = prepare(address, empty).and_then(|()| compare(address, empty));
    drop(runtime);
    let _ = std::fs::remove_dir_all(&state);
    figures
}

fn write_configuration() -> Result<()> {
    runtime::write_configuration()?;
    let text = include_str!("bench.capnp").replace("COMPATIBILITY_DATE", COMPATIBILITY_DATE);
    stamp::write(&paths::build().join("bench.capnp"), text.as_bytes())?;
    stamp::write(&paths::build().join("empty.js"), include_bytes!("empty.js"))
}

/// Seeds the site, asks for one visit, and teaches the empty object its answer.
fn prepare(address: SocketAddr, empty: SocketAddr) -> Result<()> {
    let base = format!("http://{address}");
    Api {
        base: &base,
        token: TOKEN,
    }
    .put_configuration(SITE, &site(), None)?;
    let answer = api::agent()
        .post(format!("{base}{PATH}"))
        .header("origin", ORIGIN)
        .header("content-type", "text/plain")
        .send(visit(0))?;
    let mut headers = serde_json::Map::new();
    for (name, value) in answer.headers() {
        let is_of_transport = matches!(
            name.as_str(),
            "content-length" | "transfer-encoding" | "connection" | "date"
        );
        if !is_of_transport && let Ok(value) = value.to_str() {
            headers.insert(name.to_string(), Value::from(value));
        }
    }
    let body = api::accepted(answer).context("a visit was refused")?;
    ensure!(
        body.contains("\"leased\""),
        "a new visitor was lent no number: {body}"
    );
    let lesson = json!({ "body": body, "headers": headers }).to_string();
    let taught = api::accepted(api::agent().put(format!("http://{empty}/")).send(lesson)?)?;
    ensure!(taught == body, "the empty object answers other bytes");
    Ok(())
}

fn compare(address: SocketAddr, empty: SocketAddr) -> Result<Vec<Figure>> {
    let visits = Target {
        address,
        path: PATH,
        headers: HEADERS,
        body: &visit,
    };
    let bound = Target {
        address: empty,
        path: PATH,
        headers: HEADERS,
        body: &visit,
    };
    let mut pairs = Vec::new();
    let mut next = 1;
    for pair in 0..=PAIRS {
        let of_bound = load::throughput(&bound, next, ROUND)?;
        let of_visits = load::throughput(&visits, of_bound.next, ROUND)?;
        next = of_visits.next;
        if pair > 0 {
            pairs.push((of_visits.per_second, of_bound.per_second));
        }
    }
    let median_of = |of: fn(&(f64, f64)) -> f64| median(pairs.iter().map(of).collect());
    Ok(vec![
        (
            "edge.visit_ratio_to_empty_object".to_owned(),
            median_of(|(visit, empty)| visit / empty),
        ),
        (
            "edge.visits_per_second".to_owned(),
            median_of(|(visit, _)| *visit),
        ),
        (
            "edge.empty_object_per_second".to_owned(),
            median_of(|(_, empty)| *empty),
        ),
    ])
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A site with one scenario over the largest pool.
fn site() -> Value {
    let numbers: Vec<String> = (0..NUMBERS)
        .map(|number| (74_950_000_000 + number).to_string())
        .collect();
    json!({
        "v": 1,
        "site": SITE,
        "name": "Throughput",
        "origins": [ORIGIN],
        "time_zone": "Europe/Moscow",
        "locale": "en",
        "country_code": "7",
        "consent": "granted",
        "pools": [{ "id": "main", "numbers": numbers }],
        "scenarios": [{
            "id": "all",
            "name": "All",
            "enabled": true,
            "kind": "dynamic",
            "pool": "main",
            "priority": 1,
            "targets": [{ "class": "phone" }],
        }],
    })
}

/// The first page view of a new visitor, as the agent sends it.
fn visit(number: u64) -> String {
    json!({
        "v": 1,
        "agent": "0.1.0",
        "url": format!(
            "https://bench.example/catalogue/?utm_source=yandex&utm_medium=cpc\
             &utm_campaign=brand&roistat=direct_search_{number}&yclid={number}"
        ),
        "referrer": "https://yandex.ru/",
        "targets": ["all"],
        "consent": "granted",
        "device": "desktop",
        "key": format!("key-{number:022}"),
        "tab": 1,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_of_the_middle() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
    }
}
