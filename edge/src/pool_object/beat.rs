//! Signs of a page that holds a lease.
//!
//! A lease is named by its id, which only its page knows, and its generation; a sign for another
//! lease changes nothing. A page that is active again and finds its lease gone gets a number anew,
//! with the context that the journal kept with the lease it had: the page need not tell it again,
//! and cannot tell another's.

use super::{Shell, answer, journal};
use crate::binding::fault::Fault;
use crate::message::pool::BeatCommand;
use ringlet_core::id::LeaseId;
use ringlet_core::phone::E164;
use ringlet_core::pool::{Acquire, Input, Reply, Sign, TabId, key_of};
use ringlet_core::time::Millis;
use ringlet_core::wire::BeatEvent;
use std::rc::Rc;

impl Shell {
    pub(super) async fn beat(self: &Rc<Self>, mut command: BeatCommand) -> Result<String, Fault> {
        let said = match LeaseId::parse(&command.lease) {
            Ok(lease) => {
                let input = input_of(&command, lease);
                let event = command.event;
                self.step_early(|pool, now, entropy| {
                    let said = pool.handle_input(input, now, entropy);
                    (said, now)
                })
                .map(|(said, now)| {
                    self.recent.borrow_mut().sign(event, &said, now);
                    said
                })?
            }
            // What no edge ever gave was never a lease.
            Err(_) => Reply::Lost,
        };
        match said {
            Reply::Granted(grant) | Reply::Kept(grant) => {
                command.reply.visit = Some(grant.visit);
                command.reply.visitor = Some(grant.visitor);
                command
                    .reply
                    .numbers
                    .extend(answer::leased(&grant, &command.needs));
            }
            Reply::Lost if wants_number(command.event) => self.again(&mut command)?,
            Reply::Lost | Reply::Noted | Reply::UnknownNumber | Reply::Instead(_) => {}
        }
        let text = serde_json::to_string(&command.reply)?;
        self.committed().await?;
        Ok(text)
    }

    /// Lends a number to the holder of a lease that is no more.
    fn again(self: &Rc<Self>, command: &mut BeatCommand) -> Result<(), Fault> {
        let before = E164::parse(&command.number).ok();
        let granted = match before {
            Some(number) => {
                // A group that waits may hold the very grant.
                self.commit();
                journal::grant(self.store.sql(), number, command.generation)?
            }
            None => None,
        };
        let granted = granted.filter(|granted| granted.lease.to_string() == command.lease);
        let Some(granted) = granted else {
            let others = command
                .needs
                .iter()
                .map(|need| answer::other(need, need.reserve));
            command.reply.numbers.extend(others);
            return Ok(());
        };
        let ask = Acquire {
            visitor: granted.visitor,
            visit: granted.visit,
            tab: TabId(command.tab),
            facts: granted.facts,
            key: key_of(&command.key),
            context: granted.context,
        };
        command.reply.visitor = Some(granted.visitor);
        let needs = core::mem::take(&mut command.needs);
        self.acquire(ask, command.prefix, &needs, &mut command.reply)?;
        Ok(())
    }
}

/// Whether a page that says this shows the number to somebody who looks.
const fn wants_number(event: BeatEvent) -> bool {
    matches!(
        event,
        BeatEvent::Active | BeatEvent::Keep | BeatEvent::Page | BeatEvent::Tap
    )
}

fn input_of(command: &BeatCommand, lease: LeaseId) -> Input {
    let sign = Sign {
        tab: TabId(command.tab),
        quiet_ms: Millis(command.quiet_ms),
        intent: command.intent,
        page: command.event == BeatEvent::Page,
        ..Sign::of(lease, command.generation)
    };
    match command.event {
        BeatEvent::Active => Input::ActivityStarted(sign),
        BeatEvent::Idle => Input::Idle(sign),
        BeatEvent::Tap => Input::Tap(sign),
        BeatEvent::Leave => Input::Leave(sign),
        BeatEvent::Page | BeatEvent::Ids | BeatEvent::Keep => Input::KeepAlive(sign),
    }
}
