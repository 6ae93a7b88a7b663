//! Work like that of an object's first requests, done once while the isolate starts.
//!
//! The engine compiles a function when it is first called. A page view that wakes a large pool
//! calls some hundred that nobody called before, and waits for them. What is done here is small and
//! leaves nothing: a pool of a few numbers lends, is written down, configured and read again, and
//! two page views are made out as far as no object is asked.
//!
//! Invariants: nothing of the platform is touched (no storage, clock or randomness is there while
//! an isolate starts), and nothing that fails here keeps the Worker from starting.

use crate::auth::sha256_hex;
use crate::message::pool::{PoolAsk, PoolCommand, PoolConfiguration};
use crate::message::{ConfigAnswer, VERSION};
use crate::page;
use crate::site_cache::Site;
use core::hint::black_box;
use ringlet_core::entropy::Entropy;
use ringlet_core::id::{PoolId, VisitId, VisitorId};
use ringlet_core::pool::{
    self, Acquire, Input, JournalEntry, JournalRow, Packed, Pool, PoolConfig, Reply, Sign,
};
use ringlet_core::site::SiteConfig;
use ringlet_core::time::{Millis, UnixMillis};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A site as most are, of few numbers.
const SITE: &str = r#"{"v":1,"site":"w","name":"W","origins":["https://w.example"],
"time_zone":"Europe/Moscow","locale":"en","country_code":"7","consent":"granted",
"pools":[{"id":"w","numbers":["74950000001","74950000002","74950000003","74950000004"]}],
"scenarios":[{"id":"w","name":"W","enabled":true,"kind":"dynamic","pool":"w","priority":0,
"conditions":[{"dimension":"utm_source","operator":"contains","values":["w"]}],
"targets":[{"class":"w"}]}]}"#;
/// What pages ask, first and again.
const BODIES: [&str; 2] = [
    r#"{"v":1,"agent":"0","url":"https://w.example/?utm_source=w&utm_term=%D0%B2&roistat=w_1&yclid=1",
"referrer":"https://yandex.ru/search?text=w","marker":null,"ids":{"ym_client_id":"1"},
"cookies":{"_ga":"GA1.1.1.2"},"leases":[],"targets":["w"],"consent":"granted","webdriver":false,
"device":"mobile","key":"w1","tab":1}"#,
    r#"{"v":1,"agent":"0","url":"https://w.example/w","referrer":"https://w.example/","marker":"w_1",
"visit":"00000000000000000000000001","visitor":"00000000000000000000000001",
"targets":["w"],"consent":"granted","device":"desktop","key":"w2","tab":1}"#,
];
/// Any instant.
const BEGIN: UnixMillis = UnixMillis(1_700_000_000_000);
/// Visitors: each number is lent several times.
const VISITORS: u64 = 16;

/// Does it.
pub(crate) fn up() {
    black_box(try_up());
}

fn try_up() -> Option<()> {
    let site = SiteConfig::parse(SITE).ok()?;
    black_box(sha256_hex(SITE));
    let known = site.pool(&PoolId::parse("w").ok()?)?;
    let config = site.pool_config(known);
    told(&ConfigAnswer {
        version: 1,
        document: Some(SITE.to_owned()),
    })?;
    messages(site, &config)?;
    let rows = lived(&config)?;
    let mut again = Pool::new(PoolConfig::default());
    let mut past = Vec::new();
    for row in rows {
        past.extend(read(&mut again, row)?);
    }
    let visitor = id(VISITORS);
    let ask = Acquire::of(VisitorId(visitor), VisitId(visitor));
    black_box(again.lacks_for(&ask));
    let now = again.now() + Millis::from_mins(10);
    again.handle_input(Input::Acquire(ask), now, &mut Entropy::new([1; 32]));
    black_box(again.poll_output());
    for (part, past) in past {
        again.recall(part, &past).ok()?;
    }
    again.catch_up();
    Some(())
}

/// What the Worker makes of page views, and what a site sends to a pool, written and read.
fn messages(site: SiteConfig, config: &PoolConfig) -> Option<()> {
    let configuration = PoolConfiguration {
        version: 1,
        revision: 0,
        borrows: false,
        shards: pool::Shards::ONE,
        most_shards: 1,
        config: config.clone(),
        packed: String::new(),
    };
    let configure =
        PoolCommand::ConfigurePacked(Box::new(configuration.packed().unpacked().ok()?.packed()));
    told(&PoolAsk {
        v: VERSION,
        site: "w".to_owned(),
        pool: "w".to_owned(),
        shard: 0,
        passed_on: 0,
        version: 1,
        command: configure,
    })?;
    let site = Site {
        version: 1,
        config: site,
    };
    for written in page::rehearse(&site, &BODIES, BEGIN)? {
        if let Ok(ask) = serde_json::from_str::<PoolAsk>(&written) {
            black_box(ask);
        }
    }
    Some(())
}

/// The rows of a pool that lent its numbers, was written down whole and then configured twice:
/// with other times and with other numbers.
fn lived(config: &PoolConfig) -> Option<Vec<JournalRow>> {
    let mut pool = Pool::new(PoolConfig::default());
    let mut entropy = Entropy::new([1; 32]);
    let reconfigure = Input::Reconfigure(Box::new(config.clone()));
    pool.handle_input(reconfigure, BEGIN, &mut entropy);
    let mut now = BEGIN;
    for visitor in 0..VISITORS {
        now = now + Millis::from_mins(3);
        let visitor = id(visitor);
        let ask = Acquire::of(VisitorId(visitor), VisitId(visitor));
        let lent = pool.handle_input(Input::Acquire(ask), now, &mut entropy);
        if let Reply::Granted(grant) = lent {
            let sign = Sign::of(grant.lease, grant.generation);
            pool.handle_input(Input::Idle(sign), now, &mut entropy);
        }
    }
    pool.snapshot();
    let mut other = config.clone();
    other.times.hold_ms = Millis::from_secs(60);
    for _ in 0..2 {
        let reconfigure = Input::Reconfigure(Box::new(other.clone()));
        pool.handle_input(reconfigure, now, &mut entropy);
        other.numbers.pop();
    }
    let mut rows = Vec::new();
    while let Some(row) = pool.poll_output() {
        rows.push(row);
    }
    Some(rows)
}

/// An id as no two visitors have it in half.
fn id(visitor: u64) -> u128 {
    u128::from(visitor) << 64 | u128::from(visitor)
}

/// Writes a row as it is stored, reads it, and has `pool` take it. What it lacks then of past
/// holders is returned with their part.
fn read(pool: &mut Pool, mut row: JournalRow) -> Option<Option<(u64, Vec<u8>)>> {
    let mut past = None;
    let packed = match &mut row.entry {
        JournalEntry::Snapshot { numbers, .. } if !numbers.is_empty() => {
            let pieces = pool::pack_parted(&core::mem::take(numbers)).ok()?;
            past = Some((row.row, pieces.past));
            Some(pieces.numbers)
        }
        JournalEntry::Configured(config) => {
            Some(pool::pack_config(&core::mem::take(&mut config.numbers)))
        }
        _ => None,
    };
    row.entry = told(&row.entry)?;
    match (packed, &mut row.entry) {
        (Some(packed), JournalEntry::Configured(config)) => {
            if let Ok(Packed::Config(numbers)) = pool::unpack(&packed) {
                config.numbers = numbers;
            }
            pool.replay(&row);
        }
        (Some(packed), _) => pool.replay_packed(row, &packed).ok()?,
        (None, _) => pool.replay(&row),
    }
    Some(past)
}

/// What is read of what is written of it.
fn told<T: Serialize + DeserializeOwned>(value: &T) -> Option<T> {
    serde_json::from_str(&serde_json::to_string(value).ok()?).ok()
}
