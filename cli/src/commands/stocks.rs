//! Stocks: numbers that several sites share.

use super::{Session, state};
use crate::arguments::{StockKeys, Stocks, Written};
use crate::client::Call;
use crate::failure::Failure;
use crate::tables;
use crate::words::{said, same};
use ringlet_core::api::route::Route;
use serde_json::{Value, json};

pub(super) fn run(session: &Session, verb: Stocks) -> Result<(), Failure> {
    match verb {
        Stocks::Show { stock } => {
            let told = session.ask(&Call::of(Route::StockRead, &[&stock]))?;
            show(session, &told)
        }
        Stocks::Add {
            stock,
            given,
            written,
        } => change(session, &stock, "add", &given.text()?, &written),
        Stocks::Remove {
            stock,
            given,
            written,
        } => change(session, &stock, "remove", &given.text()?, &written),
        Stocks::Share { stock, sites } => {
            let body = json!({ "sites": sites }).to_string();
            let call = Call::of(Route::StockChange, &[&stock]).sending(&body);
            show(session, &session.ask(&call)?)
        }
        Stocks::Keep => {
            let kept = session.ask(&Call::of(Route::StockKeep, &[session.site()?]))?;
            session.output.show(&tables::STOCK_KEPT, &kept)
        }
        Stocks::Audit { stock, page } => {
            let list = || Call::of(Route::StockAudit, &[&stock]);
            let rows = session.list(&page, "rows", list)?;
            session.output.show(&tables::AUDIT, &rows)
        }
        Stocks::Check { stock } => {
            let answer = session.ask(&Call::of(Route::StockCheck, &[&stock]))?;
            state::tell_check(session, &answer)
        }
        Stocks::Keys(verb) => keys(session, verb),
    }
}

fn keys(session: &Session, verb: StockKeys) -> Result<(), Failure> {
    match verb {
        StockKeys::List { stock } => {
            let keys = session.ask(&Call::of(Route::StockKeyList, &[&stock]))?;
            session.output.show(&tables::KEYS, &keys)
        }
        StockKeys::Create { stock, name, role } => {
            let body = state::key_body(&name, role);
            let call = Call::of(Route::StockKeyCreate, &[&stock]).sending(&body);
            state::tell_key(session, &session.ask(&call)?)
        }
        StockKeys::Revoke { stock, id } => {
            session.ask(&Call::of(Route::StockKeyRevoke, &[&stock, &id]))?;
            let told = json!({ "revoked": id });
            session
                .output
                .done(&said!("{id} revoked", "{id} отозван"), &told)
        }
    }
}

/// Puts numbers in or takes them out, and tells what is there then; what is no number, or
/// is another's, is listed back.
fn change(
    session: &Session,
    stock: &str,
    what: &str,
    numbers: &str,
    written: &Written,
) -> Result<(), Failure> {
    let mut body = json!({ what: numbers });
    for (name, code) in [
        ("country_code", &written.country_code),
        ("area_code", &written.area_code),
    ] {
        if let Some(code) = code {
            body[name] = Value::from(code.as_str());
        }
    }
    let body = body.to_string();
    let call = Call::of(Route::StockChange, &[stock]).sending(&body);
    let told = session.ask(&call)?;
    let refused = told["refused"].as_array().cloned().unwrap_or_default();
    // With --json they stand in the answer.
    for refused in refused.iter().filter(|_| !session.output.json) {
        let word = |name: &str| refused[name].as_str().unwrap_or_default().to_owned();
        let told = format!("{:?}: {}", word("text"), word("detail"));
        session.output.warn(&same(told));
    }
    show(session, &told)?;
    if refused.is_empty() {
        Ok(())
    } else {
        Err(Failure::Partly)
    }
}

/// The stock in a line, and its numbers.
fn show(session: &Session, told: &Value) -> Result<(), Failure> {
    if session.output.json {
        return session.output.value(told);
    }
    session.output.show(&tables::STOCK, told)?;
    session.output.text("\n")?;
    session.output.show(&tables::STOCK_NUMBERS, told)
}
