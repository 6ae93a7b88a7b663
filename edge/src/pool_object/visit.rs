//! A page view: lends a number, or says what to show instead.

use super::{Shell, answer};
use crate::binding::fault::Fault;
use crate::message::pool::{Need, VisitCommand};
use crate::panic_probe::{self, PanicPoint};
use ringlet_core::pool::{Acquire, Input, Reply, TabId, key_of};
use ringlet_core::wire::VisitReply;
use std::rc::Rc;

impl Shell {
    pub(super) async fn visit(self: &Rc<Self>, command: VisitCommand) -> Result<String, Fault> {
        let VisitCommand {
            visitor,
            visit,
            tab,
            key,
            facts,
            context,
            needs,
            mut reply,
            panic_at,
        } = command;
        let ask = Acquire {
            visitor,
            visit,
            tab: TabId(tab),
            facts,
            key: key_of(&key),
            context,
        };
        if panic_at.is_some() {
            self.step(|_, _, _| panic_probe::reach(panic_at, PanicPoint::Engine))?;
            self.group.borrow_mut().panic_at = panic_at;
        }
        self.acquire(ask, &needs, &mut reply)?;
        let text = serde_json::to_string(&reply)?;
        self.committed().await?;
        Ok(text)
    }

    /// Asks the pool for a number and adds what it says to `reply`.
    pub(super) fn acquire(
        self: &Rc<Self>,
        ask: Acquire,
        needs: &[Need],
        reply: &mut VisitReply,
    ) -> Result<(), Fault> {
        let visitor = ask.visitor;
        let input = Input::Acquire(ask);
        let (said, now) =
            self.step(|pool, now, entropy| (pool.handle_input(input, now, entropy), now))?;
        match said {
            Reply::Granted(grant) | Reply::Kept(grant) => {
                // The same request was answered before: then its ids stand.
                reply.visit = Some(grant.visit);
                reply.visitor = reply.visitor.map(|_| grant.visitor);
                reply.numbers.extend(answer::leased(&grant, needs));
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
        Ok(())
    }
}
