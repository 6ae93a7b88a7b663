//! What is asked of a pool's object.

use crate::binding::fault::Fault;
use crate::binding::sql::Cell;
use crate::export::Lines;
use crate::panic_probe::PanicPoint;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ringlet_core::attribution::{self, Settings, Verdict};
use ringlet_core::delay::DelayCounts;
use ringlet_core::id::{CallId, ScenarioId, VisitId, VisitorId};
use ringlet_core::mask::{self, Mask};
use ringlet_core::phone::{CountryCode, E164};
use ringlet_core::pool::{
    Attributed, Facts, Granted, Hour, NumberImage, NumberState, NumberView, Packed, Pool,
    PoolConfig, Shards, pack_config, unpack,
};
use ringlet_core::report::TouchRow;
use ringlet_core::throttle::Prefix;
use ringlet_core::time::UnixMillis;
use ringlet_core::wire::{BeatEvent, GivenNumber, NumberGiven, PageIds, VisitReply};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One message to a pool's object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PoolAsk {
    /// [`super::VERSION`] of the asker.
    pub v: u32,
    /// The site, by which the object finds the one that knows its configuration.
    pub site: String,
    /// The pool.
    pub pool: String,
    /// Which of the pool's shards is asked.
    #[serde(default)]
    pub shard: u32,
    /// How often it was passed on by a shard that knew better.
    #[serde(default)]
    pub passed_on: u32,
    /// The version of the configuration that the asker has; 0 if it does not know.
    pub version: u64,
    /// What is asked.
    pub command: PoolCommand,
}

/// What is asked of a pool's object.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PoolCommand {
    /// Lend a number for a page view. Answered with [`VisitReply`].
    Visit(Box<VisitCommand>),
    /// A sign of a page that holds a lease. Answered with [`VisitReply`].
    Beat(Box<BeatCommand>),
    /// Other systems have given a visitor ids since he was lent a number. Answered with `null`.
    Ids(Box<IdsCommand>),
    /// The configuration is now this. Answered with `null`.
    Configure(Box<PoolConfiguration>),
    /// The same with its numbers packed. One who does not know it asks for the configuration when
    /// a page view brings its version.
    ConfigurePacked(Box<PoolConfiguration>),
    /// What some of the numbers do. Answered with [`LiveAnswer`].
    Live(LivePage),
    /// A call to a number began: who may have made it? Answered with [`CallAnswer`].
    Call(Box<CallCommand>),
    /// Who may have made these calls, by what the journal holds and the model in force? Nothing is
    /// noted. Answered with a list of [`CallAnswer`], in the order asked.
    Judge {
        /// The calls.
        calls: Vec<CallCommand>,
    },
    /// The visits that this pool tells of in a span of time. Answered with [`VisitsAnswer`]; ask
    /// again from its `next` until there is none.
    Visits {
        /// The first instant.
        from: UnixMillis,
        /// The first instant after it.
        to: UnixMillis,
        /// Where the answer before ended.
        #[serde(default)]
        after: VisitsPlace,
        /// At most this many.
        limit: u64,
    },
    /// A visit began whose page asked no pool. Answered with `null` by the object of
    /// [`crate::objects::UNPOOLED`].
    Seen(Box<SeenVisit>),
    /// A call that was judged before is over. Answered with `null`.
    CallEnded {
        /// The number.
        number: E164,
        /// The call.
        call: CallId,
    },
    /// A call was credited. Answered with `null`.
    Attributed(Attributed),
    /// Take a number out of use until then. Answered with `null`.
    Quarantine {
        /// The number.
        number: E164,
        /// Until when.
        until: UnixMillis,
    },
    /// Who held a number at an instant. Answered with a list of [`LeaseRow`].
    Leases {
        /// The number.
        number: E164,
        /// The instant.
        at: UnixMillis,
        /// At most this many, newest first.
        count: u64,
    },
    /// What was counted for sizing. Answered with [`CountsAnswer`].
    Counts,
    /// When numbers were last used. Answered with a list of [`ShownNumber`].
    Shown {
        /// The numbers.
        numbers: Vec<E164>,
    },
    /// Let go of visits from before this instant, and of what replay needs no more. Answered with
    /// [`Compacted`].
    Compact {
        /// The instant.
        visits_before: UnixMillis,
    },
    /// The shard `to` wants the numbers that are its by the configuration of [`PoolAsk::version`].
    /// Answered with [`Yielded`]; ask again until there is no parcel.
    Yield {
        /// Who asks.
        to: u32,
        /// The last parcel that he has taken and written down; 0 is none.
        taken: u64,
    },
    /// Which numbers the shard has. Answered with [`Held`].
    Held,
    /// Verify the stored state. Answered with a list of sentences.
    Check,
    /// A part of everything that is stored, as lines. Answered with [`ExportPart`].
    Export {
        /// What its lines call the pool: `pool`, `pool/1`, `pool/2` …
        name: String,
        /// Where the part before ended; nothing begins anew.
        #[serde(default)]
        cursor: Option<PoolCursor>,
    },
    /// Put lines of an export back, in a pool that has no history. Answered with `null`.
    Import(ImportPart),
    /// All lines are here: be that pool. Answered with `null`.
    Imported,
    /// Forget everything: the site is deleted. Answered with `null`.
    Delete,
}

/// Where a part of an export ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PoolCursor {
    /// All visits are written; ids that came later are being.
    #[serde(default)]
    pub ids: bool,
    /// These are written too; the journal is being.
    pub journal: bool,
    /// After which row.
    pub after: Vec<Cell>,
    /// The last visit that belongs to the export.
    pub last_visit: u64,
    /// The last row of later ids that does.
    #[serde(default)]
    pub last_ids: u64,
    /// The last row of the journal that does.
    pub last_row: u64,
    /// The row at which its replay begins.
    pub replay_from: u64,
}

/// A part of an export.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ExportPart {
    /// The lines, each with its end.
    pub text: String,
    /// How many.
    pub count: u64,
    /// Where it ends; nothing if it is the last.
    pub next: Option<PoolCursor>,
}

impl ExportPart {
    /// A part of these lines.
    pub(crate) fn of(lines: Lines, next: Option<PoolCursor>) -> Self {
        Self {
            text: lines.text,
            count: lines.count,
            next,
        }
    }
}

/// Lines of an import for one pool.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ImportPart {
    /// The import they are of.
    pub upload: String,
    /// Their place in it: the part, and the place within.
    pub at: (u64, u64),
    /// The lines, without the pool's name.
    pub lines: String,
}

/// A page view wants a number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct VisitCommand {
    /// Who: remembered by the page, or drawn by the Worker.
    pub visitor: VisitorId,
    /// The visit.
    pub visit: VisitId,
    /// The tab.
    pub tab: u32,
    /// The agent's idempotency key.
    pub key: String,
    /// The number he has by what his page remembers: its shard knows him.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<E164>,
    /// His network, where it is known. Never stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<Prefix>,
    /// What is observable of the visitor.
    pub facts: Facts,
    /// Kept with the grant: [`super::VisitContext`] as JSON.
    pub context: String,
    /// The visit is new and this pool counts it.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub counts: bool,
    /// Scenarios that want a number of this pool; they get the same one.
    pub needs: Vec<Need>,
    /// The reply as far as the Worker knows it; the object adds its numbers.
    pub reply: VisitReply,
    /// Where to panic, in development runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub panic_at: Option<PanicPoint>,
}

/// A scenario that wants a number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Need {
    /// The scenario.
    pub scenario: ScenarioId,
    /// The masks its numbers are written by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub masks: Vec<String>,
    /// The site's country, which masks depend on.
    #[serde(default)]
    pub country: String,
    /// What it shows when none may be lent; absent: the page's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserve: Option<E164>,
    /// The number is that of a combination of parameters, the same for every visitor who has it:
    /// the page is told no lease.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub shared: bool,
}

impl Need {
    /// What the page is told of `number`.
    pub(crate) fn given(&self, kind: NumberGiven, number: Option<E164>) -> GivenNumber {
        GivenNumber {
            scenario: self.scenario.clone(),
            kind,
            number,
            display: number.map_or_else(BTreeMap::new, |number| self.display(number)),
            lease: None,
            generation: 0,
            hold_ms: 0,
            beat_ms: 0,
            idle_ms: 0,
        }
    }

    fn display(&self, number: E164) -> BTreeMap<String, String> {
        let Some(country) = CountryCode::parse(&self.country) else {
            return BTreeMap::new();
        };
        let written = |mask: &String| match Mask::parse(mask) {
            Ok(parsed) => parsed.format(number, country),
            Err(_) => mask::full(number, country),
        };
        let masks = self.masks.iter();
        masks.map(|mask| (mask.clone(), written(mask))).collect()
    }
}

/// A sign of a page.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BeatCommand {
    /// What happened.
    pub event: BeatEvent,
    /// The lease as the page remembers it.
    pub lease: String,
    /// Its generation.
    pub generation: u64,
    /// The number the page shows.
    pub number: String,
    /// The tab.
    pub tab: u32,
    /// How long before the message the last activity was.
    pub quiet_ms: u64,
    /// He wants to get in touch.
    pub intent: bool,
    /// The agent's idempotency key.
    pub key: String,
    /// His network, where it is known. Never stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<Prefix>,
    /// Scenarios that show this lease.
    pub needs: Vec<Need>,
    /// The reply as far as the Worker knows it.
    pub reply: VisitReply,
}

/// Ids of a visitor that came after his number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct IdsCommand {
    /// The lease as the page remembers it.
    pub lease: String,
    /// Its generation.
    pub generation: u64,
    /// The number the page shows.
    pub number: E164,
    /// The ids.
    pub ids: PageIds,
}

/// A pool's configuration with its version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PoolConfiguration {
    /// The version of the site's configuration.
    pub version: u64,
    /// How often within it what the pool borrowed has changed.
    #[serde(default)]
    pub revision: u64,
    /// The pool may borrow numbers: its site wants to hear when it is short.
    #[serde(default)]
    pub borrows: bool,
    /// Among how many shards the pool is divided.
    #[serde(default)]
    pub shards: Shards,
    /// The most shards it ever had: those beyond [`Self::shards`] may still have numbers.
    #[serde(default)]
    pub most_shards: u32,
    /// The whole pool, numbers of all shards.
    pub config: PoolConfig,
    /// The numbers of [`Self::config`], which then has none: base64 of [`pack_config`]. As JSON ten
    /// thousand take longer to write and to read than all that is done with them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub packed: String,
}

impl PoolConfiguration {
    /// With its numbers packed.
    pub(crate) fn packed(mut self) -> Self {
        let numbers = core::mem::take(&mut self.config.numbers);
        self.packed = STANDARD.encode(pack_config(&numbers));
        self
    }

    /// With its numbers as they are.
    ///
    /// # Errors
    /// If what is packed are no numbers.
    pub(crate) fn unpacked(mut self) -> Result<Self, Fault> {
        if self.packed.is_empty() {
            return Ok(self);
        }
        let bytes = STANDARD.decode(core::mem::take(&mut self.packed));
        let numbers = bytes.ok().and_then(|bytes| unpack(&bytes).ok());
        let Some(Packed::Config(numbers)) = numbers else {
            return Err(Fault::new("the numbers of a configuration cannot be read"));
        };
        self.config.numbers = numbers;
        Ok(self)
    }
}

/// Numbers on their way from one shard to another.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Parcel {
    /// Grows with every parcel of the shard it comes from.
    pub id: u64,
    /// The numbers.
    pub numbers: Vec<NumberImage>,
    /// The grants of their holders.
    pub history: Vec<PastGrant>,
}

/// A grant of another shard's journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PastGrant {
    /// Its row there.
    pub row: u64,
    /// When it was.
    pub at: UnixMillis,
    /// It.
    pub granted: Granted,
}

/// The answer to [`PoolCommand::Yield`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Yielded {
    /// The oldest parcel that the asker has not confirmed; absent if there is none.
    pub parcel: Option<Parcel>,
}

/// The numbers a shard has, for the check.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Held {
    /// Numbers that it may lend or that visitors of it hold.
    pub numbers: Vec<E164>,
    /// Numbers on their way from it.
    pub parcels: Vec<E164>,
}

/// What is known of a number that may go back to where it was borrowed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct ShownNumber {
    /// The number.
    pub number: E164,
    /// The last activity of the visitor who saw it last.
    pub shown_at: Option<UnixMillis>,
    /// A lease of it stands, or a call to it is in progress.
    pub held: bool,
    /// It may be lent to somebody new.
    pub lendable: bool,
}

/// A call to a number of the pool.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CallCommand {
    /// The call.
    pub call: CallId,
    /// The number dialled.
    pub number: E164,
    /// It is over.
    pub ended: bool,
    /// What is known of the call.
    pub facts: attribution::Call,
    /// How to judge.
    pub settings: Settings,
}

/// Who may have made a call, weighed by what the pool learnt of delays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CallAnswer {
    /// The verdict.
    pub verdict: Verdict,
    /// The context of each candidate, as it was stored with the grant.
    pub contexts: Vec<String>,
}

/// The visits of a span of time, without what they have in common.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct VisitsAnswer {
    /// What brought visitors and where they were.
    pub kinds: Vec<VisitKind>,
    /// The visits; one may be told of several times.
    pub visits: Vec<VisitMark>,
    /// Where the rest begins; absent if there is no more.
    pub next: Option<VisitsPlace>,
}

/// How far the visits of a pool have been told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct VisitsPlace {
    /// The next row of the journal; 0 is the first of the span.
    pub row: u64,
    /// The journal is told to its end.
    pub past_journal: bool,
    /// The last row told of visits that no row of the journal tells of.
    pub id: u64,
}

/// A visit whose page asked no pool.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SeenVisit {
    /// The visit.
    pub visit: VisitId,
    /// Whose.
    pub visitor: VisitorId,
    /// The number of its source that it was shown, if there is one.
    pub number: Option<E164>,
    /// [`super::VisitContext`] as JSON.
    pub context: String,
}

/// What several visits have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VisitKind {
    /// What brought the visitor; its time is nobody's.
    pub touch: TouchRow,
    /// Where he was; empty is unknown.
    pub region: String,
}

/// One visit: which, whose, when it began, of which kind (none: another pool tells how it began),
/// the number shown. A list, to be short.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct VisitMark(
    pub VisitId,
    pub VisitorId,
    pub UnixMillis,
    pub Option<usize>,
    pub Option<E164>,
);

/// Which numbers are asked about, and what else.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct LivePage {
    /// Those after this one; nothing is from the least on.
    pub after: Option<E164>,
    /// At most so many.
    pub limit: u64,
    /// With the sources of their holders.
    pub sources: bool,
    /// With what happened of late.
    pub events: bool,
}

/// What some of the numbers do.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct LiveAnswer {
    /// The numbers of the page, the least first.
    pub numbers: Vec<NumberView>,
    /// The source of each number's holder, empty if there is none; no list where none is wanted.
    pub sources: Vec<String>,
    /// What happened of late, newest first.
    pub events: Vec<LiveEvent>,
    /// How many numbers of the pool are in each state.
    pub states: BTreeMap<NumberState, u64>,
    /// There are numbers after the last one.
    pub more: bool,
}

impl LiveAnswer {
    /// The first `limit` numbers of all shards, and what they tell beside.
    pub(crate) fn merged(shards: Vec<Self>, limit: u64) -> Self {
        let mut merged = Self::default();
        let mut numbers = Vec::new();
        for shard in shards {
            let blank = core::iter::repeat(String::new());
            numbers.extend(
                shard
                    .numbers
                    .into_iter()
                    .zip(shard.sources.into_iter().chain(blank)),
            );
            merged.events.extend(shard.events);
            merged.more |= shard.more;
            for (state, count) in shard.states {
                *merged.states.entry(state).or_default() += count;
            }
        }
        numbers.sort_by_key(|(view, _)| view.number);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        merged.more |= numbers.len() > limit;
        numbers.truncate(limit);
        (merged.numbers, merged.sources) = numbers.into_iter().unzip();
        // Newest first, as each shard has them.
        merged
            .events
            .sort_by_key(|event| std::cmp::Reverse(event.at));
        merged
    }
}

/// Something that happened to a number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LiveEvent {
    /// Grows with every event of the pool's object since it was started.
    pub id: String,
    /// When.
    pub at: UnixMillis,
    /// What: `granted`, `reclaimed`, `active`, `idle`, `left`, `tapped`, `call`, `reserve` …
    pub kind: String,
    /// The number.
    pub number: Option<E164>,
    /// The visitor.
    pub visitor: Option<VisitorId>,
    /// His source.
    pub source: Option<String>,
    /// Why this number.
    pub why: Option<String>,
}

/// One lease of a number's history.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LeaseRow {
    /// The number.
    pub number: E164,
    /// The lease.
    pub lease: String,
    /// Its generation.
    pub generation: u64,
    /// The visitor.
    pub visitor: VisitorId,
    /// The visit.
    pub visit: VisitId,
    /// When it was granted.
    pub granted_at: UnixMillis,
    /// When the number went to somebody else; absent if it did not.
    pub ended_at: Option<UnixMillis>,
    /// [`super::VisitContext`] as it was stored.
    pub context: serde_json::Value,
}

/// What was counted for sizing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CountsAnswer {
    /// Lendable numbers.
    pub numbers: u64,
    /// Visitors active now.
    pub active: u32,
    /// Of late somebody got no number, or all were in use.
    #[serde(default)]
    pub short: bool,
    /// The hours of the last two weeks, oldest first.
    pub hours: Vec<Hour>,
    /// What was counted of callers' delays, imports aside.
    #[serde(default)]
    pub delays: DelayCounts,
}

impl CountsAnswer {
    /// Counters of all shards of a pool together, hour by hour.
    pub(crate) fn sum(shards: Vec<Self>) -> Self {
        let mut hours: BTreeMap<UnixMillis, Hour> = BTreeMap::new();
        let mut sum = Self {
            numbers: 0,
            active: 0,
            short: false,
            hours: Vec::new(),
            delays: DelayCounts::default(),
        };
        for shard in shards {
            sum.delays.merge(&shard.delays);
            sum.numbers += shard.numbers;
            sum.active += shard.active;
            sum.short |= shard.short;
            for hour in shard.hours {
                hours.entry(hour.began).or_default().add(&hour);
            }
        }
        sum.hours = hours.into_values().collect();
        sum
    }

    /// Reads a pool's counters.
    pub(crate) fn of(numbers: u64, short: bool, pool: &Pool) -> Self {
        let tally = pool.tally();
        Self {
            delays: pool.own_delay_counts(),
            numbers,
            short,
            active: tally.active(),
            hours: tally.hours().copied().collect(),
        }
    }
}

/// What a pool let go of.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Compacted {
    /// Visits.
    pub visits: u64,
    /// There is more to let go of.
    pub more: bool,
}
