//! What the site's receivers are told, and what they did not take.

use super::Session;
use crate::arguments::{Deliveries, Page};
use crate::client::Call;
use crate::failure::Failure;
use crate::tables;
use crate::words::said;
use ringlet_core::api::route::Route;

pub(super) fn run(session: &Session, verb: Deliveries) -> Result<(), Failure> {
    let site = session.site()?;
    match verb {
        Deliveries::List {
            receiver,
            state,
            page,
        } => {
            let list = session.list(&page, "deliveries", || {
                Call::of(Route::DeliveryList, &[site])
                    .with("receiver", receiver.as_deref())
                    .with("state", state.as_deref())
            })?;
            session.output.show(&tables::DELIVERIES, &list)
        }
        Deliveries::Send { receiver, delivery } => {
            let call = Call::of(Route::DeliverySend, &[site, &receiver, &delivery]);
            let sent = session.ask(&call)?;
            let count = &sent["sent"];
            let sentence = said!("sent again: {count}", "отправляются снова: {count}");
            session.output.done(&sentence, &sent)
        }
    }
}

/// What happened to calls, in order.
pub(super) fn outbox(session: &Session, page: &Page) -> Result<(), Failure> {
    let site = session.site()?;
    let rows = session.list(page, "rows", || Call::of(Route::OutboxList, &[site]))?;
    session.output.show(&tables::OUTBOX, &rows)
}
