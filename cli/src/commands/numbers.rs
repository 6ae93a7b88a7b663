//! Numbers: the table, and what an owner does with them.

use super::Session;
use crate::arguments::{Given, Numbers, Page};
use crate::client::Call;
use crate::failure::Failure;
use crate::tables;
use crate::words::{said, same};
use ringlet_core::api::route::Route;
use ringlet_core::id::{PoolId, ScenarioId};
use ringlet_core::limits::PAGE_NUMBERS;
use ringlet_core::number::{NumberAction, NumberFilter, Pasted};

pub(super) fn run(session: &Session, verb: Numbers) -> Result<(), Failure> {
    if let Numbers::List { filter } = verb {
        let filter = serde_json::to_value(NumberFilter::from(filter)).unwrap_or_default();
        let site = session.site()?;
        let call = || Call::of(Route::NumberList, &[site]).with("filter", filter.as_str());
        let page = Page {
            limit: Some(PAGE_NUMBERS),
            cursor: None,
            all: true,
        };
        let numbers = session.list(&page, "numbers", call)?;
        return session.output.show(&tables::NUMBERS, &numbers);
    }
    let action = serde_json::to_string(&action(verb)?)
        .map_err(|error| Failure::Usage(same(error.to_string())))?;
    session.change(&Call::of(Route::NumberAct, &[session.site()?]).sending(&action))
}

/// The action of a verb.
fn action(verb: Numbers) -> Result<NumberAction, Failure> {
    Ok(match verb {
        Numbers::Add {
            given,
            pool,
            rented,
            connected,
            city,
        } => NumberAction::Add {
            numbers: pasted(&given)?,
            rented,
            connected,
            city,
            pool: pool.as_deref().map(pool_id).transpose()?,
        },
        Numbers::Assign { pool, given } => NumberAction::Assign {
            numbers: pasted(&given)?,
            pool: pool_id(&pool)?,
        },
        Numbers::Bind {
            number,
            scenario,
            source,
            offline,
        } => NumberAction::Bind {
            number: Pasted::Text(number),
            scenario: scenario_id(&scenario)?,
            source,
            offline,
        },
        Numbers::Reserve { number, scenario } => NumberAction::MakeReserve {
            number: Pasted::Text(number),
            scenario: scenario_id(&scenario)?,
        },
        Numbers::Forward {
            given,
            phone,
            sip,
            extension,
            whisper,
            as_scenario: _,
        } => NumberAction::Forward {
            numbers: pasted(&given)?,
            phone,
            sip,
            extension,
            whisper,
        },
        Numbers::Replace { number, by } => NumberAction::Replace {
            number: Pasted::Text(number),
            by: Pasted::Text(by),
        },
        Numbers::Quarantine(given) => NumberAction::Quarantine {
            numbers: pasted(&given)?,
        },
        Numbers::Disable(given) => NumberAction::Disable {
            numbers: pasted(&given)?,
        },
        Numbers::Release(given) => NumberAction::Release {
            numbers: pasted(&given)?,
        },
        Numbers::Delete(given) => NumberAction::Delete {
            numbers: pasted(&given)?,
        },
        Numbers::Remove(given) => NumberAction::Remove {
            numbers: pasted(&given)?,
        },
        Numbers::List { .. } => return Err(Failure::Usage(same("numbers list"))),
    })
}

/// The numbers as they were given; the edge reads them, and lists back what is none.
fn pasted(given: &Given) -> Result<Pasted, Failure> {
    given.text().map(Pasted::Text)
}

impl Given {
    /// As they were given, one a line.
    pub(super) fn text(&self) -> Result<String, Failure> {
        if self.numbers == ["-"] {
            let text = std::io::read_to_string(std::io::stdin());
            return text.map_err(|error| Failure::local("stdin", error));
        }
        Ok(self.numbers.join("\n"))
    }
}

fn pool_id(text: &str) -> Result<PoolId, Failure> {
    PoolId::parse(text).map_err(|_| {
        Failure::Usage(said!(
            "{text:?} is no name of a pool",
            "{text:?} не имя пула"
        ))
    })
}

fn scenario_id(text: &str) -> Result<ScenarioId, Failure> {
    ScenarioId::parse(text).map_err(|_| {
        Failure::Usage(said!(
            "{text:?} is no scenario's name",
            "{text:?} не имя сценария"
        ))
    })
}
