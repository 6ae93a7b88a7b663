//! The object of one site: its configuration and versions, numbers, keys, calls, attributions and
//! audit log.
//!
//! What is here: the control plane. What is not: leases; a page view never comes by but for the
//! configuration. Invariants: a command is one transaction, with its audit row and the answer that
//! its idempotency key will get; nothing is created for a site that was never configured; an event
//! of a call is stored before its provider hears of it.

pub(crate) mod access;
pub(crate) mod admin;
mod attribution;
pub(crate) mod audit;
mod calls;
mod check;
mod check_rows;
mod config;
mod correction;
mod delays;
mod deliveries;
mod duty;
pub(crate) mod export;
pub(crate) mod idempotency;
mod import;
mod kept;
mod load;
mod numbers;
mod passing;
mod places;
mod pools;
pub(crate) mod refused;
mod replay;
mod reports;
mod retention;
mod scenarios;
mod schema;
mod shards;
mod shown;
mod stock;
mod viewer;

use crate::binding::fault::Fault;
use crate::binding::object::Store;
use crate::binding::timer;
use crate::clock;
use crate::http::answer::{UNKNOWN_COMMAND, outcome};
use crate::message::{CallsAnswer, ConfigAnswer, SiteAsk, SiteCommand};
use crate::schema as database;
use crate::throttle::SiteRates;
use crate::turn;
use duty::Duty;
use futures_channel::oneshot;
use ringlet_core::id::PoolId;
use ringlet_core::site::SiteConfig;
use ringlet_core::telephony::CallEvent;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

/// See the module.
#[durable_object(alarm)]
pub struct SiteObject {
    store: Store,
    env: Env,
    /// The configuration in force, read.
    config: RefCell<Option<InForce>>,
    /// The schema was found up to date.
    open: Cell<bool>,
    /// Who asked how often.
    rates: RefCell<SiteRates>,
    /// It was looked after that there is an alarm.
    awake: Cell<bool>,
    /// Numbers of the configuration in force are to be noted in their pools.
    placing: Cell<bool>,
    /// Pools are being kept in numbers.
    keeping: Cell<bool>,
    /// What is on its way to receivers, as stored.
    deliveries: RefCell<Option<deliveries::Deliveries>>,
    /// What was on its way when the object was last put to sleep was taken up again.
    resumed: Cell<bool>,
    /// Wakes the sender that waits for receivers' answers.
    sender: RefCell<Option<oneshot::Sender<()>>>,
}

// A panic can leave nothing half done in here: what is in memory is changed by single assignments.
impl core::panic::RefUnwindSafe for SiteObject {}

/// The configuration in force.
#[derive(Clone)]
struct InForce {
    version: u64,
    config: Rc<SiteConfig>,
}

impl DurableObject for SiteObject {
    fn new(state: State, env: Env) -> Self {
        Self {
            store: Store::new(&state),
            env,
            config: RefCell::new(None),
            open: Cell::new(false),
            rates: RefCell::default(),
            awake: Cell::new(false),
            placing: Cell::new(false),
            keeping: Cell::new(false),
            deliveries: RefCell::new(None),
            resumed: Cell::new(false),
            sender: RefCell::new(None),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        turn::each(self.serve(request)).await
    }

    async fn alarm(&self) -> Result<Response> {
        match turn::each(self.do_duties()).await {
            Ok(()) => Response::ok(""),
            Err(fault) => Err(worker::Error::from(fault.message)),
        }
    }
}

impl SiteObject {
    async fn serve(&self, mut request: Request) -> Result<Response> {
        let text = request.text().await?;
        let Ok(ask) = serde_json::from_str::<SiteAsk>(&text) else {
            return Response::error("unknown command", UNKNOWN_COMMAND);
        };
        timer::turn_if_long(&text).await;
        if let Err(fault) = self.wake().await {
            return outcome(Err(fault));
        }
        let SiteAsk { site, command, .. } = ask;
        // Page views wait for nothing but the configuration.
        let by_config = matches!(
            command,
            SiteCommand::Config { .. } | SiteCommand::PoolConfig { .. }
        );
        if !by_config && let Err(fault) = self.note_places_left() {
            return outcome(Err(fault));
        }
        match command {
            SiteCommand::Admin(ask) => self.administer(&site, *ask).await,
            SiteCommand::Import(ask) => self.take_import(&site, &ask).await,
            SiteCommand::Config { known } => outcome(self.told_config(known)),
            SiteCommand::PoolConfig { pool, packed } => {
                outcome(self.told_pool_config(&pool, packed))
            }
            SiteCommand::Calls {
                events,
                wants_route,
                passed_on,
            } => match self.too_many_events(&events) {
                Some(answer) => outcome(answer),
                None if passed_on => outcome(self.take_calls(&site, events, wants_route).await),
                None => outcome(self.take_or_pass_calls(&site, events, wants_route).await),
            },
            SiteCommand::Short => outcome(self.hear_of_shortage()),
            SiteCommand::Borrowed { stock } => outcome(self.told_borrowed(&stock)),
            SiteCommand::Owns { numbers } => outcome(self.told_owned(&numbers)),
            SiteCommand::KeepEvent { event } => outcome(self.keep_event(&event)),
        }
    }

    /// Whether the site was ever configured.
    fn exists(&self) -> std::result::Result<bool, Fault> {
        if !self.open.get() {
            self.open.set(database::open(&self.store, schema::STEPS)?);
        }
        Ok(self.open.get())
    }

    /// The configuration in force, if there is one.
    fn in_force(&self) -> std::result::Result<Option<InForce>, Fault> {
        if let Some(known) = &*self.config.borrow() {
            return Ok(Some(known.clone()));
        }
        if !self.exists()? {
            return Ok(None);
        }
        let Some(version) = config::latest(self.store.sql())? else {
            return Ok(None);
        };
        let config = SiteConfig::parse(&version.document)
            .map_err(|_| Fault::new("the configuration in force is not accepted any more"))?;
        let in_force = InForce {
            version: version.version,
            config: Rc::new(config),
        };
        *self.config.borrow_mut() = Some(in_force.clone());
        Ok(Some(in_force))
    }

    /// The answer to a provider that sends too much.
    fn too_many_events(&self, events: &[CallEvent]) -> Option<std::result::Result<String, Fault>> {
        let now = clock::now();
        let mut rates = self.rates.borrow_mut();
        let mut wait = None;
        for event in events {
            if let Err(longer) = rates.event(event.provider, now) {
                wait = wait.max(Some(longer));
            }
        }
        wait?;
        let answer = CallsAnswer {
            retry_after_ms: wait,
            ..CallsAnswer::default()
        };
        Some(serde_json::to_string(&answer).map_err(Fault::from))
    }

    fn told_config(&self, known: u64) -> std::result::Result<String, Fault> {
        if !self.exists()? {
            return Ok(serde_json::to_string(&ConfigAnswer {
                version: 0,
                document: None,
            })?);
        }
        let version = config::latest_version(self.store.sql())?;
        let document = if version == known || version == 0 {
            None
        } else {
            config::read(self.store.sql(), version)?.map(|version| version.document)
        };
        Ok(serde_json::to_string(&ConfigAnswer { version, document })?)
    }

    fn told_pool_config(&self, pool: &str, packed: bool) -> std::result::Result<String, Fault> {
        let in_force = self
            .in_force()?
            .ok_or_else(|| Fault::new("there is no such site"))?;
        let pool = PoolId::parse(pool).map_err(|_| Fault::new("there is no such pool"))?;
        let mut configuration = pools::configuration(self.store.sql(), &in_force, &pool)?;
        if packed {
            configuration = configuration.packed();
        }
        Ok(serde_json::to_string(&configuration)?)
    }

    /// Sees to it that calls whose attribution waits are looked at again.
    fn look_again_soon(&self) -> std::result::Result<(), Fault> {
        let at = clock::now() + calls::LOOK_AGAIN_AFTER;
        duty::call_for(self.store.sql(), Duty::Credit, at)?;
        self.set_alarm_for_duties()
    }
}
