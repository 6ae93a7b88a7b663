//! Rates in the stateless Worker: floods end here, before any object hears of them.
//!
//! Counted per isolate and forgotten with it, as the platform's own limiter counts per location:
//! this dam is coarse. What must be exact is counted by the object concerned: leases of a network
//! by its pool, requests of a key and events of a provider by their site. A page is never refused:
//! it is told to show what it would show without this system.

use crate::binding::host;
use crate::http::ask::Ask;
use ringlet_core::api::problem::Problem;
use ringlet_core::limits;
use ringlet_core::pool::key_of;
use ringlet_core::telephony::Provider;
use ringlet_core::throttle::{Buckets, Prefix};
use ringlet_core::time::{Millis, UnixMillis};
use std::cell::{Cell, RefCell};
use worker::Env;

/// Networks told apart in one isolate: 128 kB.
const NETWORKS: usize = 8_192;
/// How long networks are known by the same hash.
const SECRET_LASTS: Millis = Millis::from_mins(60);

struct Dam {
    secret: [u8; 32],
    made_at: UnixMillis,
    pages: Buckets,
    webhooks: Buckets,
}

impl Dam {
    fn new(now: UnixMillis) -> Self {
        Self {
            secret: host::seed(),
            made_at: now,
            pages: Buckets::new(limits::PAGE_MESSAGES, NETWORKS),
            webhooks: Buckets::new(limits::REFUSED_WEBHOOKS, NETWORKS),
        }
    }

    fn key(&self, of: &str, prefix: Option<Prefix>) -> u64 {
        let network = prefix.map_or(0, |prefix| prefix.hashed(&self.secret));
        network ^ key_of(of) as u64
    }
}

/// The variable that, in a development run, stops the clock of all rates here: what was taken does
/// not come back, so a test of how much there is does not depend on how fast it asks.
const STILL: &str = "RINGLET_RATES_STILL";

thread_local! {
    /// Whether the clock stands still; nothing before the first request.
    static IS_STILL: Cell<Option<bool>> = const { Cell::new(None) };
}

/// Reads the variable, once.
pub(crate) fn begin(env: &Env) {
    if IS_STILL.get().is_none() {
        let asked = crate::env::text(env, STILL).is_some_and(|value| value == "1");
        IS_STILL.set(Some(asked && crate::env::is_development(env)));
    }
}

/// The instant that rates count from.
fn counted_at(now: UnixMillis) -> UnixMillis {
    match IS_STILL.get() {
        Some(true) => UnixMillis(1),
        _ => now,
    }
}

thread_local! {
    // Counters by keyed hash: no request reads anything of another's.
    static DAM: RefCell<Option<Dam>> = const { RefCell::new(None) };
}

fn with_dam<T>(now: UnixMillis, work: impl FnOnce(&mut Dam) -> T) -> T {
    DAM.with_borrow_mut(|dam| {
        if dam
            .as_ref()
            .is_some_and(|dam| now.since(dam.made_at) >= SECRET_LASTS)
        {
            *dam = None;
        }
        work(dam.get_or_insert_with(|| Dam::new(now)))
    })
}

/// Whether a message of a page of `site` may reach its pools, or how long it should wait. Who is of
/// no known network always may.
pub(crate) fn page(ask: &Ask, site: &str, now: UnixMillis) -> Result<(), Millis> {
    match ask.prefix() {
        None => Ok(()),
        prefix => with_dam(now, |dam| {
            let key = dam.key(site, prefix);
            dam.pages.take(key, counted_at(now))
        }),
    }
}

/// Counts a webhook that could not prove itself.
///
/// # Errors
/// [`Problem::too_many`] if there were too many of them.
pub(crate) fn webhook_refused(
    ask: &Ask,
    site: &str,
    provider: Provider,
    now: UnixMillis,
) -> Result<(), Problem> {
    with_dam(now, |dam| {
        let key = dam.key(&format!("{site}/{provider}"), ask.prefix());
        dam.webhooks
            .take(key, counted_at(now))
            .map_err(Problem::too_many)
    })
}

/// The rates of one site's object.
#[derive(Debug)]
pub(crate) struct SiteRates {
    keys: Buckets,
    deployer: Buckets,
    refused: Buckets,
    events: Buckets,
}

impl Default for SiteRates {
    fn default() -> Self {
        Self {
            keys: Buckets::new(limits::KEY_REQUESTS, 64),
            deployer: Buckets::new(limits::DEPLOYER_REQUESTS, 1),
            refused: Buckets::new(limits::REFUSED_CREDENTIALS, 1),
            events: Buckets::new(limits::PROVIDER_EVENTS, 16),
        }
    }
}

impl SiteRates {
    /// Counts a request of `actor`.
    ///
    /// # Errors
    /// [`Problem::too_many`].
    pub(crate) fn request(&mut self, actor: &str, now: UnixMillis) -> Result<(), Problem> {
        let now = counted_at(now);
        let taken = if actor == "deployer" {
            self.deployer.take(1, now)
        } else {
            self.keys.take(key_of(actor) as u64, now)
        };
        taken.map_err(Problem::too_many)
    }

    /// Counts a request whose credential is none.
    ///
    /// # Errors
    /// [`Problem::too_many`].
    pub(crate) fn refused(&mut self, now: UnixMillis) -> Result<(), Problem> {
        self.refused
            .take(1, counted_at(now))
            .map_err(Problem::too_many)
    }

    /// Counts an event of a provider.
    ///
    /// # Errors
    /// How long to wait.
    pub(crate) fn event(&mut self, provider: Provider, now: UnixMillis) -> Result<(), Millis> {
        self.events
            .take(key_of(provider.as_str()) as u64, counted_at(now))
    }
}

/// A guard with a secret of its own.
pub(crate) fn guard(now: UnixMillis) -> ringlet_core::throttle::Guard {
    ringlet_core::throttle::Guard::new(host::seed(), now)
}
