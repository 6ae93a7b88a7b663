//! A call to one of the pool's numbers: noted, and answered with who may have made it.

use super::{Shell, journal};
use crate::binding::fault::Fault;
use crate::message::pool::{CallCommand, CandidatesAnswer};
use ringlet_core::pool::{CallMark, Input};
use std::rc::Rc;

impl Shell {
    pub(super) async fn call(self: &Rc<Self>, command: CallCommand) -> Result<String, Fault> {
        let CallCommand {
            call,
            number,
            started_at,
            ended,
        } = command;
        let mark = CallMark { number, call };
        let holders = self.step(|pool, now, entropy| {
            let holders = pool.candidates(number, started_at);
            pool.handle_input(Input::CallStarted(mark), now, entropy);
            if ended {
                pool.handle_input(Input::CallEnded(mark), now, entropy);
            }
            holders
        })?;
        // The contexts below may be of grants that wait.
        self.commit();
        let rows: Vec<u64> = holders.iter().map(|holder| holder.row).collect();
        let contexts = journal::contexts(self.store.sql(), &rows)?;
        self.committed().await?;
        Ok(serde_json::to_string(&CandidatesAnswer {
            holders,
            contexts,
        })?)
    }
}
