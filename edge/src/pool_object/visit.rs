//! A page view: lends a number, or says what to show instead.

use super::visits::UnseenVisit;
use super::{Shell, answer, shortage};
use crate::binding::fault::Fault;
use crate::message::pool::{Need, VisitCommand};
use crate::panic_probe::{self, PanicPoint};
use crate::throttle;
use ringlet_core::pool::{Acquire, Input, Pool, Reply, TabId, key_of};
use ringlet_core::throttle::{Guard, Load, Prefix};
use ringlet_core::time::UnixMillis;
use ringlet_core::wire::{NumberGiven, VisitReply};
use std::rc::Rc;

impl Shell {
    pub(super) async fn visit(self: &Rc<Self>, command: VisitCommand) -> Result<String, Fault> {
        let VisitCommand {
            visitor,
            visit,
            tab,
            key,
            prefix,
            facts,
            context,
            counts,
            needs,
            mut reply,
            panic_at,
            ..
        } = command;
        let unseen = counts.then(|| UnseenVisit::of(visit, visitor, &context, &needs));
        let ask = Acquire {
            visitor,
            visit,
            tab: TabId(tab),
            facts,
            key: key_of(&key),
            context,
        };
        if panic_at.is_some() {
            self.step_early(|_, _, _| panic_probe::reach(panic_at, PanicPoint::Engine))?;
            self.group.borrow_mut().panic_at = panic_at;
        }
        let seen = self.acquire(ask, prefix, &needs, &mut reply)?;
        if let Some(mut unseen) = unseen.filter(|_| !seen) {
            unseen.number = reply.numbers.iter().find_map(|given| {
                let own = given.kind == NumberGiven::Leased || given.kind == NumberGiven::Static;
                given.number.filter(|_| own)
            });
            self.group.borrow_mut().visits.push(unseen);
        }
        let text = serde_json::to_string(&reply)?;
        self.committed().await?;
        Ok(text)
    }

    /// Asks the pool for a number and adds what it says to `reply`. Says whether a row of the
    /// journal tells of this visit now.
    pub(super) fn acquire(
        self: &Rc<Self>,
        ask: Acquire,
        prefix: Option<Prefix>,
        needs: &[Need],
        reply: &mut VisitReply,
    ) -> Result<bool, Fault> {
        let (visitor, visit) = (ask.visitor, ask.visit);
        self.recall_for(&ask)?;
        let mut guard = self.guard.take();
        let (said, pressed, now) = self.step_early(|pool, now, entropy| {
            let guard = fresh(&mut guard, now);
            if !pool.keeps(&ask) {
                let load = load_of(pool);
                let stands = |number, lease| pool.stands(number, lease);
                if !guard.admits(prefix, load, stands, now) {
                    return (None, false, now);
                }
            }
            let said = pool.handle_input(Input::Acquire(ask), now, entropy);
            if let Reply::Granted(grant) = &said {
                guard.lent(prefix, grant.number, grant.lease);
            }
            (Some(said), shortage::pressed(pool), now)
        })?;
        self.guard.replace(guard);
        let Some(said) = said else {
            self.recent.borrow_mut().limited(now, visitor);
            let others = needs.iter().map(|need| answer::other(need, need.reserve));
            reply.numbers.extend(others);
            return Ok(false);
        };
        self.note_shortage(&said, pressed);
        match said {
            Reply::Granted(grant) | Reply::Kept(grant) => {
                // The same request was answered before: then its ids stand.
                reply.link = reply.link.take().filter(|_| grant.visit == visit);
                reply.visit = Some(grant.visit);
                reply.visitor = reply.visitor.map(|_| grant.visitor);
                reply.numbers.extend(answer::leased(&grant, needs));
                // Another visit of a lease of his own: the same request was answered before.
                return Ok(grant.visit == visit || needs.iter().all(|need| !need.shared));
            }
            Reply::Instead(instead) => {
                self.recent.borrow_mut().refused(now, visitor);
                reply.numbers.extend(answer::instead(instead, needs));
            }
            Reply::Lost | Reply::Noted | Reply::UnknownNumber => {
                reply
                    .numbers
                    .extend(needs.iter().map(|need| answer::other(need, need.reserve)));
            }
        }
        Ok(false)
    }
}

/// The guard, made anew where there is none or its day is over.
fn fresh(guard: &mut Option<Guard>, now: UnixMillis) -> &mut Guard {
    if guard.as_ref().is_some_and(|guard| guard.is_stale(now)) {
        *guard = None;
    }
    guard.get_or_insert_with(|| throttle::guard(now))
}

fn load_of(pool: &Pool) -> Load {
    Load {
        numbers: pool.lendable(),
        active: pool.tally().active() as usize,
    }
}
