//! The object of one pool: drives [`ringlet_core::pool::Pool`] and keeps its journal.
//!
//! What is here: SQL, time, randomness, and who waits for what. What is not: which number anybody
//! gets. Invariants: a reply leaves when the rows it rests on are committed; memory holds nothing
//! that the journal does not give back, signs of activity of the last seconds aside; after any
//! failure to write, memory is dropped and built anew.
//!
//! Panics unwind: the pool is taken out of its place while it works and put back when it is whole,
//! so a panic leaves no pool, and the next request builds one from the journal.

mod answer;
mod beat;
mod calls;
mod check;
mod commit;
mod compact;
mod export;
mod group;
mod journal;
mod judge;
mod late_ids;
mod live;
mod rebuild;
mod recent;
mod replayed;
mod schema;
mod shard;
mod shortage;
mod snapshot;
mod visit;
mod visits;

use crate::binding::fault::Fault;
use crate::binding::host;
use crate::binding::object::Store;
use crate::binding::timer;
use crate::clock;
use crate::http::answer::{UNKNOWN_COMMAND, outcome};
use crate::message::pool::{Compacted, PoolAsk, PoolCommand, PoolConfiguration};
use crate::{objects, turn};
use futures_channel::oneshot;
use futures_util::FutureExt;
use group::Group;
use journal::InForce;
use rebuild::Rebuild;
use recent::Recent;
use ringlet_core::entropy::Entropy;
use ringlet_core::pool::{CallMark, Input, JournalEntry, Pool, PoolConfig, Reply};
use ringlet_core::throttle::Guard;
use ringlet_core::time::{Millis, UnixMillis};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

/// See the module.
#[durable_object(alarm)]
pub struct PoolObject {
    shell: Rc<Shell>,
}

/// What the object is made of. Counted, because a timer may fire after the runtime let it go.
pub(crate) struct Shell {
    store: Store,
    env: Env,
    /// The site, once it was named.
    site: RefCell<String>,
    /// Which of the pool's shards this is.
    shard: Cell<u32>,
    /// The pool is being divided anew, and this shard has not all that is its own.
    unsettled: Cell<bool>,
    /// The version by which this shard has parted with what is not its own.
    parted_at: Cell<u64>,
    /// Who waits while a configuration is brought into force; nothing while none is.
    settling: RefCell<Option<Vec<oneshot::Sender<()>>>>,
    memory: RefCell<Option<Memory>>,
    /// The pool that is being built, while there is none.
    rebuild: RefCell<Option<Rebuild>>,
    group: RefCell<Group>,
    recent: RefCell<Recent>,
    /// The next part of a snapshot was called for.
    continues: Cell<bool>,
    /// Networks that hold numbers; made when first needed.
    guard: RefCell<Option<Guard>>,
    /// The tables are there and up to date.
    open: Cell<bool>,
    /// When the last commit was.
    committed_at: Cell<UnixMillis>,
    /// Rows written since it was last looked whether the pool is quiet.
    rows_since_look: Cell<u64>,
    /// How many read the journal, slice by slice, and need it as it is.
    readers: Cell<u32>,
    /// A checkpoint was called for.
    checkpoint_called: Cell<bool>,
    /// The site wants to hear when numbers are short.
    borrows: Cell<bool>,
    /// When numbers were last short, and when the site last heard so.
    short_at: Cell<UnixMillis>,
    short_told: Cell<UnixMillis>,
    /// When the alarm is due, as far as this object knows.
    alarm_at: Cell<Option<UnixMillis>>,
}

// A panic can leave nothing half done in here: the pool is out of its place while it works, and the
// rest is changed by single assignments.
impl core::panic::RefUnwindSafe for Shell {}

/// The pool and what is known about it.
struct Memory {
    pool: Pool,
    /// The configuration in force.
    version: InForce,
    /// Rows since replay begins.
    rows: u64,
    /// As many were there when the latest snapshot was begun.
    rows_at_snapshot: u64,
    /// The first row of that snapshot.
    snapshot_from: u64,
    /// Nothing happened since it was imported: a snapshot would tell nothing that its export must.
    as_imported: bool,
}

impl Memory {
    /// A pool of which nothing was ever stored.
    fn empty() -> Self {
        Self {
            pool: Pool::new(PoolConfig::default()),
            version: InForce::default(),
            rows: 0,
            rows_at_snapshot: 0,
            snapshot_from: 0,
            as_imported: false,
        }
    }
}

impl DurableObject for PoolObject {
    fn new(state: State, env: Env) -> Self {
        let shell = Shell {
            store: Store::new(&state),
            env,
            site: RefCell::default(),
            shard: Cell::new(0),
            unsettled: Cell::new(false),
            parted_at: Cell::new(0),
            settling: RefCell::default(),
            memory: RefCell::new(None),
            rebuild: RefCell::new(None),
            group: RefCell::default(),
            recent: RefCell::default(),
            continues: Cell::new(false),
            guard: RefCell::default(),
            open: Cell::new(false),
            committed_at: Cell::new(UnixMillis(0)),
            rows_since_look: Cell::new(0),
            readers: Cell::new(0),
            checkpoint_called: Cell::new(false),
            borrows: Cell::new(false),
            short_at: Cell::new(UnixMillis(0)),
            short_told: Cell::new(UnixMillis(0)),
            alarm_at: Cell::new(None),
        };
        Self {
            shell: Rc::new(shell),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        turn::each(self.serve(request)).await
    }

    async fn alarm(&self) -> Result<Response> {
        // First of all the next alarm: whatever fails below, there will be one.
        let now = clock::now();
        let next = now + ringlet_core::pool::TIDY;
        self.shell
            .store
            .set_alarm(next)
            .await
            .map_err(|fault| worker::Error::from(fault.message))?;
        self.shell.alarm_at.set(Some(next));
        match turn::each(self.shell.tidy(now)).await {
            Ok(()) => Response::ok(""),
            Err(fault) => Err(worker::Error::from(fault.message)),
        }
    }
}

impl PoolObject {
    async fn serve(&self, mut request: Request) -> Result<Response> {
        let text = request.text().await?;
        let Ok(ask) = serde_json::from_str::<PoolAsk>(&text) else {
            return Response::error("unknown command", UNKNOWN_COMMAND);
        };
        timer::turn_if_long(&text).await;
        outcome(self.shell.handle(ask).await)
    }
}

impl Shell {
    async fn handle(self: &Rc<Self>, ask: PoolAsk) -> std::result::Result<String, Fault> {
        let PoolAsk {
            site,
            pool,
            shard,
            passed_on,
            version,
            command,
            ..
        } = ask;
        self.site.replace(site.clone());
        self.shard.set(shard);
        match command {
            PoolCommand::Import(_) | PoolCommand::Imported | PoolCommand::Delete => {}
            command if pool == objects::UNPOOLED => return self.unpooled(command).await,
            _ => {
                let mut awake = self.awake().await;
                if awake.is_ok() && !answered_early(&command) {
                    awake = self.whole().await;
                }
                match (&command, awake) {
                    // That it gives no pool is what a check of what is stored has to tell.
                    (PoolCommand::Check, Err(fault)) => {
                        let russian = format!("пул не построить: {}", fault.message);
                        let said = ringlet_core::site::Text::of(fault.message, russian);
                        return Ok(serde_json::to_string(&[said])?);
                    }
                    (_, awake) => awake?,
                }
            }
        }
        match command {
            PoolCommand::Configure(_)
            | PoolCommand::ConfigurePacked(_)
            | PoolCommand::Import(_)
            | PoolCommand::Imported
            | PoolCommand::Delete
            | PoolCommand::Yield { .. } => {
                self.administer(&site, &pool, version, command)
                    .boxed_local()
                    .await
            }
            command => {
                self.follow_config(&site, &pool, version).await?;
                match self.passed_on(&site, &pool, passed_on, &command).await? {
                    Some(answer) => Ok(answer),
                    None => self.command(command).await,
                }
            }
        }
    }

    /// Does what a site asks of its pool. Boxed where it is called, as [`Self::others`] is.
    async fn administer(
        self: &Rc<Self>,
        site: &str,
        pool: &str,
        version: u64,
        command: PoolCommand,
    ) -> std::result::Result<String, Fault> {
        match command {
            PoolCommand::Configure(configuration) | PoolCommand::ConfigurePacked(configuration) => {
                self.settle(site, pool, configuration.unpacked()?).await?;
                Ok("null".to_owned())
            }
            PoolCommand::Import(part) => {
                self.import(&part)?;
                Ok("null".to_owned())
            }
            PoolCommand::Imported => {
                self.imported().await?;
                Ok("null".to_owned())
            }
            PoolCommand::Delete => {
                self.forget().await?;
                Ok("null".to_owned())
            }
            PoolCommand::Yield { to, taken } => self.give(site, pool, version, to, taken).await,
            _ => Ok("null".to_owned()),
        }
    }

    /// Does what is asked of the object that keeps visits without a pool. Before the first visit
    /// it has no tables.
    async fn unpooled(self: &Rc<Self>, command: PoolCommand) -> std::result::Result<String, Fault> {
        self.commit();
        let is_empty = crate::schema::version(self.store.sql())?.is_none();
        match command {
            PoolCommand::Compact { .. } if is_empty => {
                Ok(serde_json::to_string(&Compacted::default())?)
            }
            PoolCommand::Check if is_empty => Ok("[]".to_owned()),
            command => self.command(command).await,
        }
    }

    async fn command(self: &Rc<Self>, command: PoolCommand) -> std::result::Result<String, Fault> {
        match command {
            PoolCommand::Visit(visit) => self.visit(*visit).await,
            PoolCommand::Beat(beat) => self.beat(*beat).await,
            command => self.others(command).boxed_local().await,
        }
    }

    /// Does what no page asks. Boxed where it is called: else it would be one function with what
    /// pages ask, and the first page view of an isolate waits until all of that is compiled.
    async fn others(self: &Rc<Self>, command: PoolCommand) -> std::result::Result<String, Fault> {
        match command {
            PoolCommand::Ids(ids) => self.late_ids(*ids).await,
            PoolCommand::Live(page) => self.live(page),
            PoolCommand::Call(call) => self.call(*call).await,
            PoolCommand::Judge { calls } => self.judge(&calls).await,
            PoolCommand::Visits {
                from,
                to,
                after,
                limit,
            } => self.visits(from, to, after, limit),
            PoolCommand::Seen(visit) => self.seen(*visit).await,
            PoolCommand::CallEnded { number, call } => {
                self.input(Input::CallEnded(CallMark { number, call }))
                    .await?;
                Ok("null".to_owned())
            }
            PoolCommand::Attributed(credit) => {
                self.input(Input::Attributed(credit)).await?;
                Ok("null".to_owned())
            }
            PoolCommand::Quarantine { number, until } => {
                self.input(Input::Quarantine(number, until)).await?;
                Ok("null".to_owned())
            }
            PoolCommand::Leases { number, at, count } => {
                let leases = journal::leases(self.store.sql(), number, at, count)?;
                Ok(serde_json::to_string(&leases)?)
            }
            PoolCommand::Counts => self.counts(),
            PoolCommand::Shown { numbers } => self.shown(&numbers),
            PoolCommand::Compact { visits_before } => self.compact(visits_before),
            PoolCommand::Check => self.check().await,
            PoolCommand::Export { name, cursor } => self.export(&name, cursor),
            PoolCommand::Held => self.held(),
            PoolCommand::Visit(_)
            | PoolCommand::Beat(_)
            | PoolCommand::Configure(_)
            | PoolCommand::ConfigurePacked(_)
            | PoolCommand::Delete
            | PoolCommand::Yield { .. }
            | PoolCommand::Import(_)
            | PoolCommand::Imported => Ok("null".to_owned()),
        }
    }

    /// Takes one input, and answers when its rows are committed.
    async fn input(self: &Rc<Self>, input: Input) -> std::result::Result<Reply, Fault> {
        let reply = self.step(|pool, now, entropy| pool.handle_input(input, now, entropy))?;
        self.committed().await?;
        Ok(reply)
    }

    /// Lets the pool work and takes its rows. What `work` returns may be told to nobody before
    /// [`Self::committed`].
    fn step<T>(
        self: &Rc<Self>,
        work: impl FnOnce(&mut Pool, UnixMillis, &mut Entropy) -> T,
    ) -> std::result::Result<T, Fault> {
        while self.recall_next()? {}
        self.step_early(work)
    }

    /// The same with a pool that may lack past holders, for `work` that asks for none of them.
    fn step_early<T>(
        self: &Rc<Self>,
        work: impl FnOnce(&mut Pool, UnixMillis, &mut Entropy) -> T,
    ) -> std::result::Result<T, Fault> {
        let mut memory = self.take_memory()?;
        let now = clock::now();
        let mut entropy = Entropy::new(host::seed());
        let result = work(&mut memory.pool, now, &mut entropy);
        self.drain(&mut memory, now);
        *self.memory.borrow_mut() = Some(memory);
        Ok(result)
    }

    /// Moves the pool's rows into the group.
    fn drain(self: &Rc<Self>, memory: &mut Memory, now: UnixMillis) {
        self.drain_rows(memory);
        if self.begin_if_worth(memory) {
            self.drain_rows(memory);
        }
        self.settle_later(memory, now);
    }

    fn drain_rows(&self, memory: &mut Memory) {
        let mut group = self.group.borrow_mut();
        let mut recent = self.recent.borrow_mut();
        while let Some(row) = memory.pool.poll_output() {
            self.rows_since_look.set(self.rows_since_look.get() + 1);
            match &row.entry {
                JournalEntry::Snapshot { last: true, of, .. } if *of == memory.snapshot_from => {
                    group.replay_from = Some(*of);
                    memory.rows -= memory.rows_at_snapshot;
                    memory.rows_at_snapshot = 0;
                }
                JournalEntry::Snapshot { .. } => {}
                entry => memory.rows += snapshot::rows_of(entry),
            }
            memory.as_imported &= row.entry.is_of_itself();
            recent.row(&row);
            group.rows.push(row);
        }
    }

    /// Takes a configuration, of which only this shard's numbers are left.
    async fn bring_into_force(
        self: &Rc<Self>,
        configuration: PoolConfiguration,
    ) -> std::result::Result<(), Fault> {
        let mut memory = self.take_memory()?;
        self.borrows.set(configuration.borrows);
        memory.version = InForce {
            version: configuration.version,
            revision: configuration.revision,
            borrows: configuration.borrows,
            shards: configuration.shards,
        };
        let now = clock::now();
        let mut entropy = Entropy::new(host::seed());
        let mut config = configuration.config;
        config.hash_seed = entropy.next_u64();
        let input = Input::Reconfigure(Box::new(config));
        memory.pool.handle_input(input, now, &mut entropy);
        self.group.borrow_mut().in_force = Some(memory.version);
        self.drain(&mut memory, now);
        *self.memory.borrow_mut() = Some(memory);
        // A large pool's rows are written in a turn of their own; whoever comes before waits.
        self.call_commit();
        self.committed().await
    }

    /// The configuration in force.
    fn known(self: &Rc<Self>) -> std::result::Result<InForce, Fault> {
        let memory = self.take_memory()?;
        let known = memory.version;
        *self.memory.borrow_mut() = Some(memory);
        Ok(known)
    }

    /// Asks the site for its configuration if `version`, which somebody has, is newer than ours, or
    /// if ours is not settled. Without an answer the configuration in force goes on, if there is a
    /// settled one.
    async fn follow_config(
        self: &Rc<Self>,
        site: &str,
        pool: &str,
        version: u64,
    ) -> std::result::Result<(), Fault> {
        let ours = self.known()?.version;
        if ours > 0 && ours >= version && !self.unsettled.get() {
            return Ok(());
        }
        let followed = match self.configuration_of(site, pool).await {
            Ok(configuration) => self.settle(site, pool, configuration).await,
            Err(fault) => Err(fault),
        };
        match followed {
            Err(fault) if ours > 0 && !self.unsettled.get() => {
                crate::log::Line::new(crate::log::Level::Warn, "config_not_followed")
                    .site(site)
                    .fault(&fault.message)
                    .write();
                Ok(())
            }
            followed => followed,
        }
    }

    /// What is in memory is no more what is stored.
    fn forget_memory(&self) {
        self.commit();
        self.memory.borrow_mut().take();
        self.rebuild.borrow_mut().take();
    }

    async fn forget(self: &Rc<Self>) -> std::result::Result<(), Fault> {
        self.forget_memory();
        *self.recent.borrow_mut() = Recent::default();
        self.alarm_at.set(None);
        self.open.set(false);
        self.store.delete_all().await
    }
}

/// How long signs of activity wait for a checkpoint: less than the ten seconds after which the
/// runtime may put the object to sleep.
const CHECKPOINT_AFTER: Millis = Millis(5_000);

/// Whether this is answered before all past holders of a pool that wakes are read.
const fn answered_early(command: &PoolCommand) -> bool {
    matches!(
        command,
        PoolCommand::Visit(_)
            | PoolCommand::Beat(_)
            | PoolCommand::Ids(_)
            | PoolCommand::Seen(_)
            | PoolCommand::Visits { .. }
            | PoolCommand::Leases { .. }
    )
}
