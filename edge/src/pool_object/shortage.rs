//! A pool that may borrow numbers tells its site when it is short of them.
//!
//! Short is a pool in which somebody got no number or another's, or in which every number is before
//! somebody's eyes. Told at most once in [`TELL_EVERY`], and waited for by nobody: the next visitor
//! says it again if it was not heard.

use super::Shell;
use crate::binding::fault::Fault;
use crate::message::pool::ShownNumber;
use crate::message::{SiteAsk, SiteCommand, VERSION};
use crate::objects::{self, Class};
use ringlet_core::phone::E164;
use ringlet_core::pool::{NumberState, Pool, Reply, Role};
use ringlet_core::time::Millis;
use std::rc::Rc;

/// How long a shortage counts.
pub(super) const LASTS: Millis = Millis::from_secs(60);
/// How often the site hears of it.
const TELL_EVERY: Millis = Millis::from_secs(2);

impl Shell {
    /// Notes whether `said` shows that numbers are short.
    pub(super) fn note_shortage(self: &Rc<Self>, said: &Reply, pressed: bool) {
        let refused = matches!(said, Reply::Instead(_));
        if !self.borrows.get() || !(refused || pressed) {
            return;
        }
        let now = crate::clock::now();
        self.short_at.set(now);
        if now.since(self.short_told.get()) < TELL_EVERY {
            return;
        }
        self.short_told.set(now);
        let (shell, site) = (self.clone(), self.site.borrow().clone());
        js_sys::futures::spawn_local(async move {
            let ask = SiteAsk {
                v: VERSION,
                site: site.clone(),
                command: SiteCommand::Short,
            };
            // Not heard: said again by the next visitor.
            let _ = objects::ask::<_, ()>(&shell.env, Class::Site, &site, &ask).await;
        });
    }

    pub(super) fn shown(self: &Rc<Self>, numbers: &[E164]) -> Result<String, Fault> {
        let shown = self.step(|pool, now, _| {
            pool.handle_timeout(now);
            let of = |number: &E164| shown_of(pool, *number);
            numbers.iter().filter_map(of).collect::<Vec<_>>()
        })?;
        Ok(serde_json::to_string(&shown)?)
    }
}

/// Whether all numbers are before somebody's eyes, or all but one.
pub(super) fn pressed(pool: &Pool) -> bool {
    pool.tally().active() as usize + 1 >= pool.lendable()
}

fn shown_of(pool: &Pool, number: E164) -> Option<ShownNumber> {
    use NumberState as N;
    let view = pool.number(number)?;
    let leased = matches!(
        view.state,
        N::Provisional | N::Active | N::Idle | N::Held | N::Draining
    );
    let numbers = pool.config().numbers.iter();
    let mut same = numbers.filter(|of| of.number == number && of.role == Role::Dynamic);
    Some(ShownNumber {
        number,
        shown_at: view.holder.map(|holder| holder.last_activity),
        held: leased || view.in_call,
        lendable: same.next().is_some(),
    })
}
