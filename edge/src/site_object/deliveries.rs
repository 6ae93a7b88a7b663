//! What the site's receivers are told: written down beside what happened, sent by the alarm.
//!
//! The rules (when, in what order, how often) are [`ringlet_core::outbox`]'s; here is its storage
//! and the sending. Invariants: what is to be told is written in the transaction of what it tells;
//! every attribution leaves one row in `outbox`, receivers or none; a delivery is stored as on its
//! way before it goes; the alarm stands while anything is due.

use super::admin::{AdminReply, bad, page_count};
use super::audit::{self, Change as AuditChange};
use super::calls::StoredCall;
use super::duty::{self, Duty};
use super::refused::Refused;
use super::shown::ShownCall;
use super::{InForce, SiteObject, attribution, idempotency};
use crate::auth::sha256_hex;
use crate::binding::fault::Fault;
use crate::binding::fetch;
use crate::binding::host;
use crate::binding::sql::Sql;
use crate::clock;
use crate::env;
use crate::log::{Level, Line};
use crate::message::AdminAsk;
use futures_channel::oneshot;
use futures_util::future::{Either, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use ringlet_core::api::detail::Wanted;
use ringlet_core::api::problem::ProblemCode;
use ringlet_core::entropy::Entropy;
use ringlet_core::id::{CallId, ReceiverId};
use ringlet_core::outbox::{Change, Entry, EntryState, Outbox, Outcome, Told, event_of};
use ringlet_core::site::{Receiver, ReceiverEvent};
use ringlet_core::telephony::Direction;
use ringlet_core::time::{Millis, UnixMillis};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// 10 s: how long a receiver may take to answer. Within the 30 s after which an attempt counts as
/// lost.
const ANSWER_LIMIT: Millis = Millis::from_secs(10);
/// What a list may be of.
const STATES: [&str; 3] = ["all", "waiting", "dead"];
/// 60 s of sending in one alarm; then the next one goes on. (The platform ends it after 15 min.)
const SENDING_LIMIT: Millis = Millis::from_secs(60);

/// The outboxes of all receivers that have anything in theirs.
#[derive(Default)]
pub(super) struct Deliveries {
    by_receiver: BTreeMap<ReceiverId, Outbox>,
}

/// What was told of a call, and of which state of it.
#[derive(Default, Serialize, Deserialize)]
struct Memo {
    told: Told,
    hash: String,
}

/// The body of a delivery.
#[derive(Serialize)]
struct Message<'a> {
    event: ReceiverEvent,
    site: &'a str,
    call: &'a ShownCall,
}

/// A delivery on its way.
struct Going {
    receiver: ReceiverId,
    id: u64,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// A delivery that came to something.
struct Gone {
    receiver: ReceiverId,
    id: u64,
    outcome: Outcome,
}

impl SiteObject {
    /// Writes down what is to be told of a call, inside the transaction of what happened to it:
    /// `appended` says that an attribution was. Nothing is told of calls that are not inbound or
    /// not judged yet.
    pub(super) fn tell(
        &self,
        sql: &Sql,
        in_force: &InForce,
        call: CallId,
        appended: bool,
        now: UnixMillis,
    ) -> Result<(), Fault> {
        let Some(stored) = StoredCall::find(sql, call)? else {
            return Ok(());
        };
        if stored.record.direction() != Direction::In {
            return Ok(());
        }
        let Some(last) = attribution::last(sql, call)? else {
            return Ok(());
        };
        let memo: Memo = serde_json::from_str(&stored.told).unwrap_or_default();
        let is_live = stored.record.status().is_live();
        let shown = self.shown(in_force, &stored)?;
        // While it rings only a change of its attribution is worth telling.
        let hash = sha256_hex(&if is_live {
            serde_json::to_string(&last.outcome)?
        } else {
            serde_json::to_string(&shown)?
        });
        let Some(event) = event_of(memo.told, is_live, appended || hash != memo.hash) else {
            return Ok(());
        };
        let told = if is_live { Told::Start } else { Told::End };
        let memo = serde_json::to_string(&Memo { told, hash })?;
        let id = call.to_string();
        sql.run("UPDATE call SET told = ? WHERE call = ?", &[&memo, &id])?;
        sql.run(
            "INSERT INTO outbox (at_ms, event, call, revision) VALUES (?, ?, ?, ?)",
            &[&now.0, &event.as_str(), &id, &last.revision],
        )?;
        let message = Message {
            event,
            site: in_force.config.site.as_str(),
            call: &shown,
        };
        self.add_deliveries(sql, in_force, call, &message, now)
    }

    fn add_deliveries(
        &self,
        sql: &Sql,
        in_force: &InForce,
        call: CallId,
        message: &Message<'_>,
        now: UnixMillis,
    ) -> Result<(), Fault> {
        let mut wanting = in_force.config.receivers.iter();
        if !wanting.any(|receiver| receiver.enabled) {
            return Ok(());
        }
        let body = serde_json::to_string(message)?;
        self.with_deliveries(sql, |deliveries| {
            for receiver in &in_force.config.receivers {
                if !receiver.enabled || !receiver.events.contains(&message.event) {
                    continue;
                }
                let outbox = deliveries
                    .by_receiver
                    .entry(receiver.id.clone())
                    .or_default();
                let id = outbox.add(call, message.event.as_str(), now);
                store_changes(sql, &receiver.id, outbox, Some((id, &body)))?;
                duty::call_for(sql, Duty::Send, now)?;
            }
            Ok(())
        })?;
        if let Some(wake) = self.sender.borrow_mut().take() {
            // Nobody listens: then the alarm is not at work, and will look anyway.
            let _ = wake.send(());
        }
        Ok(())
    }

    /// Works on the outboxes, which are read first where they are not in memory. On a fault memory
    /// is dropped: what is stored is what is.
    fn with_deliveries<T>(
        &self,
        sql: &Sql,
        work: impl FnOnce(&mut Deliveries) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut slot = self.deliveries.borrow_mut();
        let mut deliveries = match slot.take() {
            Some(deliveries) => deliveries,
            None => read(sql)?,
        };
        if !self.resumed.replace(true) {
            let now = clock::now();
            for (receiver, outbox) in &mut deliveries.by_receiver {
                outbox.handle_restart(now);
                store_changes(sql, receiver, outbox, None)?;
                duty::call_for(sql, Duty::Send, now)?;
            }
        }
        let done = work(&mut deliveries)?;
        *slot = Some(deliveries);
        Ok(done)
    }

    /// When there is a delivery to see to.
    pub(super) fn deliveries_due(&self) -> Result<Option<UnixMillis>, Fault> {
        let Some(in_force) = self.in_force()? else {
            return Ok(None);
        };
        self.with_deliveries(self.store.sql(), |deliveries| {
            let of = deliveries.by_receiver.iter();
            let due = of.filter(|(id, _)| receiver(&in_force, id).is_none_or(|it| it.enabled));
            Ok(due.filter_map(|(_, outbox)| outbox.poll_timeout()).min())
        })
    }

    /// Sends what is due, several at once, until nothing is; says when there is more to do.
    pub(super) async fn send_deliveries(&self) -> Result<Option<Millis>, Fault> {
        let mut going = FuturesUnordered::new();
        let began_at = clock::now();
        loop {
            let now = clock::now();
            if now.since(began_at) < SENDING_LIMIT {
                for one in self.take_due(now)? {
                    going.push(post(one));
                }
            }
            if going.is_empty() {
                let due = self.deliveries_due()?;
                return Ok(due.map(|at| at.since(clock::now())));
            }
            let (wake, woken) = oneshot::channel();
            *self.sender.borrow_mut() = Some(wake);
            match select(going.next(), woken).await {
                Either::Left((Some(gone), _)) => self.settle(&gone)?,
                Either::Left((None, _)) | Either::Right(_) => {}
            }
            self.sender.borrow_mut().take();
        }
    }

    /// Deliveries to send now, stored as on their way. Those of receivers that are no more go.
    fn take_due(&self, now: UnixMillis) -> Result<Vec<Going>, Fault> {
        let Some(in_force) = self.in_force()? else {
            return Ok(Vec::new());
        };
        let may_be_private = env::is_development(&self.env);
        let taken = self.store.transaction(|sql| {
            self.with_deliveries(sql, |deliveries| {
                let mut taken = Vec::new();
                let known = |id: &ReceiverId| receiver(&in_force, id).is_some();
                for id in deliveries.by_receiver.keys().filter(|id| !known(id)) {
                    sql.run("DELETE FROM delivery WHERE receiver = ?", &[&id.as_str()])?;
                }
                deliveries.by_receiver.retain(|id, _| known(id));
                for (id, outbox) in &mut deliveries.by_receiver {
                    let Some(receiver) = receiver(&in_force, id).filter(|it| it.enabled) else {
                        continue;
                    };
                    take_of(sql, receiver, outbox, may_be_private, now, &mut taken)?;
                }
                Ok(taken)
            })
        });
        taken.inspect_err(|_| self.forget_deliveries())
    }

    /// Writes down what became of a delivery.
    fn settle(&self, gone: &Gone) -> Result<(), Fault> {
        let now = clock::now();
        let mut entropy = Entropy::new(host::seed());
        let stored = self.store.transaction(|sql| {
            self.with_deliveries(sql, |deliveries| {
                if let Some(outbox) = deliveries.by_receiver.get_mut(&gone.receiver) {
                    outbox.handle_outcome(gone.id, &gone.outcome, now, &mut entropy);
                    store_changes(sql, &gone.receiver, outbox, None)?;
                }
                Ok(())
            })
        });
        stored.inspect_err(|_| self.forget_deliveries())
    }

    /// Drops what is on its way, or was given up, of calls that are no more; call it inside the
    /// transaction in which they go.
    pub(super) fn forget_deliveries_of(&self, sql: &Sql, calls: &[String]) -> Result<(), Fault> {
        if calls.is_empty() {
            return Ok(());
        }
        let gone: Vec<CallId> = calls.iter().flat_map(|id| CallId::parse(id)).collect();
        self.with_deliveries(sql, |deliveries| {
            for (receiver, outbox) in &mut deliveries.by_receiver {
                outbox.forget(&gone);
                store_changes(sql, receiver, outbox, None)?;
            }
            Ok(())
        })
    }

    /// Drops what is in memory: a transaction that changed it did not happen.
    pub(super) fn forget_deliveries(&self) {
        self.deliveries.borrow_mut().take();
    }

    /// `GET …/deliveries`: oldest first, with `receiver` and `state`.
    pub(super) fn list_deliveries(&self, ask: &AdminAsk) -> Result<AdminReply, Refused> {
        let count = usize::try_from(page_count(ask)?).unwrap_or(usize::MAX);
        let wanted = ask.parameter("state").unwrap_or("all");
        if !STATES.contains(&wanted) {
            return Err(bad("state", Wanted::OneOf(STATES.to_vec())).into());
        }
        let of = ask.parameter("receiver");
        let after = ask.parameter("cursor").unwrap_or_default().to_owned();
        if !after.is_empty() && !is_place(&after) {
            return Err(bad("cursor", Wanted::Cursor).into());
        }
        let rows = self.with_deliveries(self.store.sql(), |deliveries| {
            let mut rows = Vec::new();
            for (receiver, outbox) in &deliveries.by_receiver {
                if of.is_some_and(|of| of != receiver.as_str()) {
                    continue;
                }
                rows.extend(outbox.entries().map(|entry| Row::of(receiver, entry)));
            }
            Ok(rows)
        })?;
        let mut rows: Vec<Row> = rows
            .into_iter()
            .filter(|row| wanted == "all" || (row.state == "dead") == (wanted == "dead"))
            .filter(|row| row.place() > after)
            .collect();
        let more = rows.len() > count;
        rows.truncate(count);
        let next = rows.last().filter(|_| more).map(Row::place);
        AdminReply::json(&Rows {
            deliveries: rows,
            next,
        })
    }

    /// `POST …/deliveries/{receiver}/{delivery}/send`: a delivery that was given up, once more;
    /// `all` stands for every one of the receiver.
    pub(super) async fn resend(
        &self,
        ask: &AdminAsk,
        actor: &str,
        now: UnixMillis,
    ) -> Result<AdminReply, Refused> {
        let receiver = ReceiverId::parse(ask.name(0)).map_err(|_| ProblemCode::NotFound)?;
        let delivery = ask.name(1);
        let sent = self.store.transaction(|sql| {
            let sent = self.with_deliveries(sql, |deliveries| {
                let Some(outbox) = deliveries.by_receiver.get_mut(&receiver) else {
                    return Ok(0);
                };
                let ids: Vec<u64> = match delivery {
                    "all" => outbox.entries().map(|entry| entry.id).collect(),
                    one => one.parse().into_iter().collect(),
                };
                let again = ids.iter().filter(|id| outbox.send_again(**id, now)).count();
                store_changes(sql, &receiver, outbox, None)?;
                duty::call_for(sql, Duty::Send, now)?;
                Ok(again)
            })?;
            if sent == 0 && delivery != "all" {
                return Err(ProblemCode::NotFound.into());
            }
            let change = AuditChange {
                actor,
                action: "delivery.send",
                subject: &format!("delivery/{receiver}/{delivery}"),
                request: &ask.request,
                before_hash: "",
                after_hash: "",
            };
            audit::append(sql, now, &change)?;
            let reply = AdminReply::json(&Sent { sent })?;
            idempotency::remember(sql, ask, &reply, now)?;
            Ok::<_, Refused>(reply)
        });
        let reply = sent.inspect_err(|_: &Refused| self.forget_deliveries())?;
        self.set_alarm_for_duties()?;
        Ok(reply)
    }

    /// `GET …/outbox`: what happened to calls, oldest first, from `cursor` on.
    pub(super) fn list_outbox(&self, ask: &AdminAsk) -> Result<AdminReply, Refused> {
        let count = page_count(ask)?;
        let after: u64 = match ask.parameter("cursor") {
            None => 0,
            Some(cursor) => cursor.parse().map_err(|_| bad("cursor", Wanted::Cursor))?,
        };
        let query = "SELECT sequence, at_ms, event, call, revision FROM outbox
                     WHERE sequence > ? ORDER BY sequence LIMIT ?";
        let mut rows = Vec::new();
        for row in self.store.sql().rows(query, &[&after, &count])? {
            rows.push(OutboxRow {
                sequence: row.integer(0)?,
                at: UnixMillis(row.integer(1)?),
                event: row.text(2)?,
                call: row.text(3)?,
                revision: row.integer(4)?,
            });
        }
        let next = rows.last().map(|row| row.sequence.to_string());
        AdminReply::json(&OutboxRows { rows, next })
    }
}

fn receiver<'c>(in_force: &'c InForce, id: &ReceiverId) -> Option<&'c Receiver> {
    in_force.config.receivers.iter().find(|it| it.id == *id)
}

/// Takes what is due of one receiver.
fn take_of(
    sql: &Sql,
    receiver: &Receiver,
    outbox: &mut Outbox,
    may_be_private: bool,
    now: UnixMillis,
    taken: &mut Vec<Going>,
) -> Result<(), Fault> {
    while let Some(send) = outbox.poll_send(now) {
        if receiver.url.is_private() && !may_be_private {
            let text = "the address is of a private network".to_owned();
            let mut entropy = Entropy::new(host::seed());
            outbox.handle_outcome(send.id, &Outcome::Forbidden { text }, now, &mut entropy);
            continue;
        }
        let query = "SELECT body FROM delivery WHERE receiver = ? AND id = ?";
        let row = sql.row(query, &[&receiver.id.as_str(), &send.id])?;
        let body = row.map_or(Ok(String::new()), |row| row.text(0))?;
        let Some(secret) = receiver.secrets.first() else {
            continue;
        };
        taken.push(Going {
            receiver: receiver.id.clone(),
            id: send.id,
            url: receiver.url.as_str().to_owned(),
            headers: send.headers(secret, &body),
            body,
        });
    }
    store_changes(sql, &receiver.id, outbox, None)
}

async fn post(going: Going) -> Gone {
    let said = fetch::post(&going.url, &going.headers, &going.body, ANSWER_LIMIT).await;
    let outcome = match said {
        Ok(said) => Outcome::Answered {
            status: said.status,
            retry_after: said
                .retry_after
                .and_then(|seconds| seconds.trim().parse().ok())
                .map(Millis::from_secs),
            text: said.text,
        },
        Err(fault) => Outcome::Nothing {
            text: fault.message,
        },
    };
    if !matches!(
        &outcome,
        Outcome::Answered {
            status: 200..=299,
            ..
        }
    ) {
        Line::new(Level::Warn, "delivery_not_taken").write();
    }
    Gone {
        receiver: going.receiver,
        id: going.id,
        outcome,
    }
}

/// Stores what changed; the body goes with the entry of that number, which is new.
fn store_changes(
    sql: &Sql,
    receiver: &ReceiverId,
    outbox: &mut Outbox,
    new: Option<(u64, &str)>,
) -> Result<(), Fault> {
    while let Some(change) = outbox.poll_change() {
        match change {
            Change::Put(entry) => {
                let text = serde_json::to_string(&entry)?;
                match new.filter(|(id, _)| *id == entry.id) {
                    Some((id, body)) => sql.run(
                        "INSERT INTO delivery (receiver, id, entry, body) VALUES (?, ?, ?, ?)",
                        &[&receiver.as_str(), &id, &text, &body],
                    )?,
                    None => sql.run(
                        "UPDATE delivery SET entry = ? WHERE receiver = ? AND id = ?",
                        &[&text, &receiver.as_str(), &entry.id],
                    )?,
                };
            }
            Change::Remove(id) => {
                let query = "DELETE FROM delivery WHERE receiver = ? AND id = ?";
                sql.run(query, &[&receiver.as_str(), &id])?;
            }
        }
    }
    Ok(())
}

fn read(sql: &Sql) -> Result<Deliveries, Fault> {
    let mut entries: BTreeMap<ReceiverId, Vec<Entry>> = BTreeMap::new();
    for row in sql.rows("SELECT receiver, entry FROM delivery", &[])? {
        if let Ok(receiver) = ReceiverId::parse(&row.text(0)?) {
            let entry = serde_json::from_str(&row.text(1)?)?;
            entries.entry(receiver).or_default().push(entry);
        }
    }
    let outboxes = entries.into_iter();
    Ok(Deliveries {
        by_receiver: outboxes
            .map(|(receiver, entries)| (receiver, Outbox::rebuild(entries)))
            .collect(),
    })
}

/// A delivery as the API tells it.
#[derive(Serialize)]
struct Row {
    receiver: String,
    delivery: u64,
    call: CallId,
    event: String,
    added_at: UnixMillis,
    attempts: u32,
    /// `waiting`, `sending` or `dead`.
    state: &'static str,
    /// When it goes, was to be heard of, or was given up.
    at: UnixMillis,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Row {
    fn of(receiver: &ReceiverId, entry: &Entry) -> Self {
        let (state, at, why) = match &entry.state {
            EntryState::Waiting { at } => ("waiting", *at, None),
            EntryState::Sending { until } => ("sending", *until, None),
            EntryState::Dead { at, why } => ("dead", *at, Some(why.clone())),
        };
        Self {
            receiver: receiver.to_string(),
            delivery: entry.id,
            call: entry.call,
            event: entry.event.clone(),
            added_at: entry.added_at,
            attempts: entry.attempts,
            state,
            at,
            why,
        }
    }

    /// Its place in the list, as the cursor names it.
    fn place(&self) -> String {
        format!("{}.{:016}", self.receiver, self.delivery)
    }
}

/// Whether a cursor is a place in the list.
fn is_place(cursor: &str) -> bool {
    cursor.rsplit_once('.').is_some_and(|(receiver, delivery)| {
        ReceiverId::parse(receiver).is_ok()
            && delivery.len() == 16
            && delivery.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[derive(Serialize)]
struct Rows {
    deliveries: Vec<Row>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize)]
struct Sent {
    sent: usize,
}

#[derive(Serialize)]
struct OutboxRow {
    sequence: u64,
    at: UnixMillis,
    event: String,
    call: String,
    revision: u64,
}

#[derive(Serialize)]
struct OutboxRows {
    rows: Vec<OutboxRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}
