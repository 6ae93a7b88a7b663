//! A call to one of the pool's numbers: noted, and judged by what the pool learnt of delays.

use super::{Shell, journal};
use crate::binding::fault::Fault;
use crate::message::pool::{CallAnswer, CallCommand};
use ringlet_core::attribution::attribute;
use ringlet_core::pool::{CallMark, Input};
use std::rc::Rc;

impl Shell {
    pub(super) async fn call(self: &Rc<Self>, command: CallCommand) -> Result<String, Fault> {
        let CallCommand {
            call,
            number,
            ended,
            facts,
            mut settings,
        } = command;
        let mark = CallMark { number, call };
        let verdict = self.step(|pool, now, entropy| {
            let candidates = pool.candidates(number, facts.at);
            if settings.regions.is_some() {
                settings.regions = Some(pool.regions().clone());
            }
            let verdict = attribute(&facts, &candidates, pool.delay(), &settings);
            pool.handle_input(Input::CallStarted(mark), now, entropy);
            if ended {
                pool.handle_input(Input::CallEnded(mark), now, entropy);
            }
            verdict
        })?;
        // The contexts below may be of grants that wait.
        self.commit();
        let rows: Vec<u64> = verdict.candidates.iter().map(|of| of.holder.row).collect();
        let contexts = journal::contexts(self.store.sql(), &rows)?;
        self.committed().await?;
        Ok(serde_json::to_string(&CallAnswer { verdict, contexts })?)
    }
}
