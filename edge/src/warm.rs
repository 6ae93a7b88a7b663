//! Work like that of an object's first requests, done once while the isolate starts.
//!
//! The engine compiles a function when it is first called. A page view that wakes a large pool
//! calls some hundred that nobody called before, and waits for them. What is done here is small and
//! leaves nothing: a pool of a few numbers lends, is written down, configured and read again.
//!
//! Invariants: nothing of the platform is touched (no storage, clock or randomness is there while
//! an isolate starts), and nothing that fails here keeps the Worker from starting.

use crate::auth::sha256_hex;
use crate::message::pool::{Need, PoolAsk, PoolCommand, PoolConfiguration, VisitCommand};
use crate::message::{ConfigAnswer, VERSION};
use core::hint::black_box;
use ringlet_core::entropy::Entropy;
use ringlet_core::id::{PoolId, ScenarioId, VisitId, VisitorId};
use ringlet_core::pool::{
    self, Acquire, Input, JournalEntry, JournalRow, Packed, Pool, PoolConfig, Reply, Sign,
};
use ringlet_core::site::SiteConfig;
use ringlet_core::time::{Millis, UnixMillis};
use ringlet_core::wire::{VisitReply, WIRE_VERSION};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A site as most are, of few numbers.
const SITE: &str = r#"{"v":1,"site":"w","name":"W","origins":["https://w.example"],
"time_zone":"Europe/Moscow","locale":"en","country_code":"7","consent":"granted",
"pools":[{"id":"w","numbers":["74950000001","74950000002","74950000003","74950000004"]}],
"scenarios":[{"id":"w","name":"W","enabled":true,"kind":"dynamic","pool":"w","priority":0,
"conditions":[{"dimension":"utm_source","operator":"contains","values":["w"]}],
"targets":[{"class":"w"}]}]}"#;
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
    messages(&config)?;
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

/// What the Worker and a site send to a pool, written and read.
fn messages(config: &PoolConfig) -> Option<()> {
    let (visitor, visit) = (VisitorId(1 << 64), VisitId(1));
    let need = Need {
        scenario: ScenarioId::parse("w").ok()?,
        masks: Vec::new(),
        country: "7".to_owned(),
        reserve: None,
        shared: false,
    };
    let visit = PoolCommand::Visit(Box::new(VisitCommand {
        visitor,
        visit,
        tab: 1,
        key: "w".to_owned(),
        number: None,
        prefix: None,
        facts: Acquire::of(visitor, visit).facts,
        context: "{}".to_owned(),
        counts: true,
        needs: vec![need],
        reply: VisitReply {
            v: WIRE_VERSION,
            visit: Some(visit),
            visitor: Some(visitor),
            ..VisitReply::default()
        },
        panic_at: None,
    }));
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
    for command in [visit, configure] {
        told(&PoolAsk {
            v: VERSION,
            site: "w".to_owned(),
            pool: "w".to_owned(),
            shard: 0,
            passed_on: 0,
            version: 1,
            command,
        })?;
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

/// Writes a row as it is stored, reads it, and has `pool` take it. What it lacks then of past holders
/// is returned with their part.
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
