//! The control plane's view of numbers: the table an owner knows, and what he can do with it.
//!
//! What is here: rows and filters over a configuration, and actions, each of which turns one
//! configuration into the next. What is not here: the state a pool knows (free, live, cooling:
//! [`crate::pool::NumberState`]), calls and shows, which the edge joins to the rows; and draining:
//! a pool that hears of a configuration without a number leaves it to its visitor until he has
//! gone.
//!
//! Invariants: an action is applied whole or not at all; what comes out is a configuration that
//! would be accepted as it stands.

mod table;

pub use table::{NumberFilter, NumberPlace, NumberRow, rows};

use crate::id::{PoolId, ScenarioId};
use crate::phone::{E164, ListFaultReason, read_list, read_written};
use crate::scenario::{Forward, ForwardTo, ScenarioKind, StaticBinding};
use crate::site::{Fault, NumberOrigin, NumberRecord, NumberStatus, NumberUse, SiteConfig, Text};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an owner does with numbers. Lists of numbers come as pasted (any writing, any separators)
/// or as an array; one piece that is no number, and nothing is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum NumberAction {
    /// Enter numbers that the site does not have.
    Add {
        /// The numbers.
        numbers: Pasted,
        /// Whose they are.
        #[serde(default)]
        rented: bool,
        /// Day of connection, year-month-day.
        #[serde(default)]
        connected: Option<String>,
        /// City or area.
        #[serde(default)]
        city: Option<String>,
        /// The pool to put them into; without one they are free.
        #[serde(default)]
        pool: Option<PoolId>,
    },
    /// Put numbers into a pool, out of any other.
    Assign {
        /// The numbers.
        numbers: Pasted,
        /// The pool.
        pool: PoolId,
    },
    /// Bind a number to a source.
    Bind {
        /// The number.
        number: Pasted,
        /// A static scenario.
        scenario: ScenarioId,
        /// The source.
        source: String,
        /// Printed or spoken only.
        #[serde(default)]
        offline: bool,
    },
    /// Take numbers out of their scenarios; they stay the site's.
    Remove {
        /// The numbers.
        numbers: Pasted,
    },
    /// Make a number a scenario's reserve.
    MakeReserve {
        /// The number.
        number: Pasted,
        /// The scenario.
        scenario: ScenarioId,
    },
    /// Lend numbers no more until their calls are explained.
    Quarantine {
        /// The numbers.
        numbers: Pasted,
    },
    /// Switch numbers off.
    Disable {
        /// The numbers.
        numbers: Pasted,
    },
    /// End quarantine, or switch on again.
    Release {
        /// The numbers.
        numbers: Pasted,
    },
    /// Take numbers out of the site. Their calls are still attributed to their last holders.
    Delete {
        /// The numbers.
        numbers: Pasted,
    },
    /// Say where calls to numbers go; with nothing said, where their scenario says.
    Forward {
        /// The numbers.
        numbers: Pasted,
        /// A telephone number, in any writing.
        #[serde(default)]
        phone: Option<String>,
        /// Or a SIP address.
        #[serde(default)]
        sip: Option<String>,
        /// Who should take them, by the exchange's own name for him.
        #[serde(default)]
        extension: Option<String>,
        /// He is told the source first.
        #[serde(default)]
        whisper: bool,
    },
    /// Put another number in a number's place.
    Replace {
        /// The number that goes.
        number: Pasted,
        /// The one that comes: new, or free.
        by: Pasted,
    },
}

/// Numbers as an owner gives them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "numbers are a text or a list of texts")]
pub enum Pasted {
    /// Any writing, any separators.
    Text(String),
    /// One writing each.
    List(Vec<String>),
}

/// What an action did.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The configuration to come into force.
    pub config: SiteConfig,
    /// Numbers whose place or status changed.
    pub changed: Vec<E164>,
    /// What was done, in a sentence for the list of versions.
    pub note: Text,
}

/// Why an action is not applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionError {
    /// The action does not fit the numbers.
    Refused(Vec<NumberRefusal>),
    /// The configuration would not be accepted.
    Faults(Vec<Fault>),
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NumberRefusal {
    /// Where in the action: a JSON pointer.
    pub pointer: &'static str,
    /// The number, or the piece that is none.
    pub text: String,
    /// A stable word for programs.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub message: Text,
}

/// Applies `action` to `config`.
///
/// # Errors
/// Every reason why it cannot be applied; nothing was changed then.
pub fn apply(config: &SiteConfig, action: &NumberAction) -> Result<Applied, ActionError> {
    let mut change = Change {
        next: config.clone(),
        changed: Vec::new(),
        refused: Vec::new(),
    };
    let note = change.act(action);
    if !change.refused.is_empty() {
        return Err(ActionError::Refused(change.refused));
    }
    // The same reader that accepts an owner's document accepts what an action made of it.
    let next = SiteConfig::parse(&change.next.to_json()).map_err(ActionError::Faults)?;
    change.changed.sort();
    change.changed.dedup();
    Ok(Applied {
        config: next,
        changed: change.changed,
        note,
    })
}

/// `document` with the numbers where `next` has them and everything else as it stands, so that an
/// action writes no defaults into what the owner left unsaid. Nothing if `document` is not JSON.
pub fn edit_document(document: &str, next: &SiteConfig) -> Option<String> {
    let mut document: Value = serde_json::from_str(document).ok()?;
    let written = serde_json::to_value(next).ok()?;
    let whole = document.as_object_mut()?;
    match written.get("numbers") {
        Some(records) => whole.insert("numbers".to_owned(), records.clone()),
        None => whole.remove("numbers"),
    };
    for (list, members) in [
        ("pools", ["numbers", ""]),
        ("scenarios", ["reserve_number", "bindings"]),
    ] {
        let from = written.get(list).and_then(Value::as_array);
        let to = whole.get_mut(list).and_then(Value::as_array_mut);
        for item in to.into_iter().flatten().filter_map(Value::as_object_mut) {
            let same = from.and_then(|from| from.iter().find(|it| it.get("id") == item.get("id")));
            for name in members.into_iter().filter(|name| !name.is_empty()) {
                match same.and_then(|same| same.get(name)) {
                    Some(value) => item.insert(name.to_owned(), value.clone()),
                    None => item.remove(name),
                };
            }
        }
    }
    serde_json::to_string_pretty(&document).ok()
}

struct Change {
    next: SiteConfig,
    changed: Vec<E164>,
    refused: Vec<NumberRefusal>,
}

impl Change {
    /// Does what is asked and says so in a sentence.
    fn act(&mut self, action: &NumberAction) -> Text {
        match action {
            NumberAction::Add {
                numbers,
                rented,
                connected,
                city,
                pool,
            } => {
                let numbers = self.read(numbers, "/numbers");
                for number in &numbers {
                    if self.is_known(*number) {
                        self.refuse(*number, "known", KNOWN);
                        continue;
                    }
                    let record = self.record(*number);
                    record.origin = if *rented {
                        NumberOrigin::Rented
                    } else {
                        NumberOrigin::Own
                    };
                    record.connected.clone_from(connected);
                    record.city.clone_from(city);
                    self.put(*number, pool.as_ref());
                }
                let place = pool.as_ref().map_or("the site", PoolId::as_str);
                let into = pool.as_ref().map(|pool| format!("в пул {pool}"));
                let into = into.unwrap_or_else(|| "на сайт".to_owned());
                done(&numbers, &format!("into {place}"), &into)
            }
            NumberAction::Assign { numbers, pool } => {
                let numbers = self.read(numbers, "/numbers");
                for number in &numbers {
                    self.assign(*number, pool);
                }
                let (en, ru) = (format!("into {pool}"), format!("в пул {pool}"));
                done(&numbers, &en, &ru)
            }
            NumberAction::Bind {
                number,
                scenario,
                source,
                offline,
            } => {
                let numbers = self.read(number, "/number");
                for number in numbers.iter().take(1) {
                    self.bind(*number, scenario, source, *offline);
                }
                let (en, ru) = (
                    format!("bound to {source}"),
                    format!("за {source} закреплено"),
                );
                done(&numbers, &en, &ru)
            }
            NumberAction::MakeReserve { number, scenario } => {
                let numbers = self.read(number, "/number");
                for number in numbers.iter().take(1) {
                    self.make_reserve(*number, scenario);
                }
                let en = format!("is the reserve of {scenario}");
                done(&numbers, &en, &format!("резерв сценария {scenario}"))
            }
            NumberAction::Replace { number, by } => {
                let from = self.read(number, "/number");
                let to = self.read(by, "/by");
                if let ([from, ..], [to, ..]) = (from.as_slice(), to.as_slice()) {
                    self.replace(*from, *to);
                }
                let from = counted(&from);
                let en = format!("in the place of {}", from.en);
                done(&to, &en, &format!("вместо {}", from.ru))
            }
            NumberAction::Forward {
                numbers,
                phone,
                sip,
                extension,
                whisper,
            } => {
                let to = self.forward_to(phone.as_deref(), sip.as_deref());
                self.forward(numbers, to, extension.as_ref(), *whisper)
            }
            NumberAction::Remove { numbers } => self.each(numbers, REMOVED, Self::remove),
            NumberAction::Quarantine { numbers } => {
                self.each(numbers, QUARANTINED, |it, number| {
                    it.set_status(number, NumberStatus::Quarantined);
                })
            }
            NumberAction::Disable { numbers } => self.each(numbers, DISABLED, |it, number| {
                it.set_status(number, NumberStatus::Disabled);
            }),
            NumberAction::Release { numbers } => self.each(numbers, RELEASED, |it, number| {
                it.set_status(number, NumberStatus::Active);
            }),
            NumberAction::Delete { numbers } => self.each(numbers, DELETED, |it, number| {
                it.take_out(number);
                it.next.numbers.retain(|record| record.number != number);
            }),
        }
    }

    /// The numbers given; what is none is listed back.
    fn read(&mut self, given: &Pasted, pointer: &'static str) -> Vec<E164> {
        let text = match given {
            Pasted::Text(text) => text.clone(),
            Pasted::List(items) => items.join("\n"),
        };
        let list = read_list(&text, self.next.home());
        for fault in &list.faults {
            let Text { en, ru } = words_of(fault.reason);
            let message = Text {
                en: format!("Piece {} in line {}: {en}", fault.position, fault.line),
                ru: format!("Фрагмент {} в строке {}: {ru}", fault.position, fault.line),
            };
            let (text, code) = (fault.text.clone(), fault.reason.code());
            self.refused.push(NumberRefusal {
                pointer,
                text,
                code,
                message,
            });
        }
        if list.numbers.is_empty() && list.faults.is_empty() {
            self.refuse_at(pointer, String::new(), "empty", EMPTY);
        }
        list.numbers
    }

    fn refuse_at(&mut self, pointer: &'static str, text: String, code: &'static str, words: Words) {
        let message = Text {
            en: words.0.to_owned(),
            ru: words.1.to_owned(),
        };
        self.refused.push(NumberRefusal {
            pointer,
            text,
            code,
            message,
        });
    }

    fn refuse(&mut self, number: E164, code: &'static str, words: Words) {
        self.refuse_at("", number.to_string(), code, words);
    }

    fn assign(&mut self, number: E164, pool: &PoolId) {
        match self.next.use_of(number) {
            None if self.next.record(number).is_none() => self.refuse(number, "unknown", UNKNOWN),
            Some(NumberUse::Pool(at)) if at.id == *pool => {}
            Some(NumberUse::Static { .. } | NumberUse::Reserve(_)) => {
                self.refuse(number, "in_use", IN_USE);
            }
            _ => {
                self.take_out(number);
                self.put(number, Some(pool));
            }
        }
    }

    fn is_known(&self, number: E164) -> bool {
        self.next.record(number).is_some() || self.next.use_of(number).is_some()
    }

    /// Does `act` to each number the site has; refuses the others.
    fn each(&mut self, given: &Pasted, (en, ru): Words, act: impl Fn(&mut Self, E164)) -> Text {
        let numbers = self.read(given, "/numbers");
        for number in &numbers {
            if self.is_known(*number) {
                act(self, *number);
                self.changed.push(*number);
            } else {
                self.refuse(*number, "unknown", UNKNOWN);
            }
        }
        done(&numbers, en, ru)
    }

    /// The record of `number`, made if there is none.
    fn record(&mut self, number: E164) -> &mut NumberRecord {
        let records = &mut self.next.numbers;
        let found = records.binary_search_by_key(&number, |record| record.number);
        let at = found.unwrap_or_else(|place| {
            records.insert(place, NumberRecord::new(number));
            place
        });
        &mut records[at]
    }

    /// Puts a number that is used for nothing into a pool.
    fn put(&mut self, number: E164, pool: Option<&PoolId>) {
        self.changed.push(number);
        let Some(id) = pool else {
            return;
        };
        match self.next.pools.iter_mut().find(|pool| pool.id == *id) {
            Some(pool) => pool.numbers.push(number),
            None => self.refuse_at("/pool", id.to_string(), "unknown_pool", UNKNOWN_POOL),
        }
    }

    /// Has calls to numbers go somewhere of their own, or where their scenario says.
    fn forward(
        &mut self,
        numbers: &Pasted,
        to: Option<ForwardTo>,
        extension: Option<&String>,
        whisper: bool,
    ) -> Text {
        let said = to.is_some() || extension.is_some();
        let forward = said.then(|| Forward {
            to,
            extension: extension.cloned(),
            whisper,
        });
        let done = match &forward {
            Some(_) => ("forwarded", "переадресовано"),
            None => (
                "forwarded as the scenario says",
                "переадресовано, как велит сценарий",
            ),
        };
        self.each(numbers, done, |it, number| {
            it.record(number).forward.clone_from(&forward);
        })
    }

    /// The line that is meant, if any.
    fn forward_to(&mut self, phone: Option<&str>, sip: Option<&str>) -> Option<ForwardTo> {
        match (phone, sip) {
            (Some(_), Some(_)) => {
                self.refuse_at("/phone", String::new(), "one_of", ONE_LINE);
                None
            }
            (Some(phone), None) => {
                let number = read_written(phone, self.next.home());
                if number.is_none() {
                    self.refuse_at("/phone", phone.to_owned(), "not_a_number", NO_LINE);
                }
                number.map(ForwardTo::Phone)
            }
            (None, Some(sip)) => Some(ForwardTo::Sip(sip.to_owned())),
            (None, None) => None,
        }
    }

    /// Takes a number out of whatever it is used for.
    fn take_out(&mut self, number: E164) {
        for pool in &mut self.next.pools {
            pool.numbers.retain(|other| *other != number);
        }
        for scenario in &mut self.next.scenarios {
            if scenario.reserve_number == Some(number) {
                scenario.reserve_number = None;
            }
            if let ScenarioKind::Static { bindings } = &mut scenario.kind {
                bindings.retain(|binding| binding.number != number);
            }
        }
    }

    fn remove(&mut self, number: E164) {
        self.take_out(number);
        self.record(number);
    }

    fn set_status(&mut self, number: E164, status: NumberStatus) {
        self.record(number).status = status;
    }

    fn bind(&mut self, number: E164, scenario: &ScenarioId, source: &str, offline: bool) {
        if self.next.use_of(number).is_some() {
            return self.refuse(number, "in_use", IN_USE);
        }
        let found = self
            .next
            .scenarios
            .iter_mut()
            .find(|other| other.id == *scenario);
        match found.map(|scenario| &mut scenario.kind) {
            None => self.refuse_at(
                "/scenario",
                scenario.to_string(),
                "unknown_scenario",
                UNKNOWN_SCENARIO,
            ),
            Some(ScenarioKind::Static { bindings }) => {
                let source = source.to_owned();
                bindings.push(StaticBinding {
                    number,
                    source,
                    offline,
                    conditions: None,
                });
                self.changed.push(number);
            }
            Some(_) => self.refuse_at("/scenario", scenario.to_string(), "not_static", NOT_STATIC),
        }
    }

    fn make_reserve(&mut self, number: E164, scenario: &ScenarioId) {
        if matches!(self.next.use_of(number), Some(NumberUse::Static { .. })) {
            return self.refuse(number, "in_use", IN_USE);
        }
        if matches!(self.next.use_of(number), Some(NumberUse::Pool(_))) {
            self.take_out(number);
        }
        let Some(at) = self
            .next
            .scenarios
            .iter()
            .position(|other| other.id == *scenario)
        else {
            return self.refuse_at(
                "/scenario",
                scenario.to_string(),
                "unknown_scenario",
                UNKNOWN_SCENARIO,
            );
        };
        self.record(number);
        let before = self.next.scenarios[at].reserve_number.replace(number);
        // The number that was the reserve stays the site's.
        if let Some(before) = before {
            self.record(before);
            self.changed.push(before);
        }
        self.changed.push(number);
    }

    fn replace(&mut self, number: E164, by: E164) {
        if !self.is_known(number) {
            return self.refuse(number, "unknown", UNKNOWN);
        }
        if self.next.use_of(by).is_some() {
            return self.refuse(by, "in_use", IN_USE);
        }
        self.record(by);
        for pool in &mut self.next.pools {
            for place in pool.numbers.iter_mut().filter(|place| **place == number) {
                *place = by;
            }
        }
        for scenario in &mut self.next.scenarios {
            if scenario.reserve_number == Some(number) {
                scenario.reserve_number = Some(by);
            }
            if let ScenarioKind::Static { bindings } = &mut scenario.kind {
                for binding in bindings
                    .iter_mut()
                    .filter(|binding| binding.number == number)
                {
                    binding.number = by;
                }
            }
        }
        self.record(number);
        self.changed.extend([number, by]);
    }
}

fn counted(numbers: &[E164]) -> Text {
    match numbers {
        [one] => Text::of(one.to_string(), one.to_string()),
        many => Text::of(
            format!("{} numbers", many.len()),
            format!("номеров {}", many.len()),
        ),
    }
}

/// What was done with numbers.
fn done(numbers: &[E164], en: &str, ru: &str) -> Text {
    let Text { en: of, ru: many } = counted(numbers);
    Text::of(format!("{of} {en}"), format!("{ru}: {many}"))
}

const REMOVED: Words = ("removed", "убрано из сценариев");
const QUARANTINED: Words = ("quarantined", "в карантин");
const DISABLED: Words = ("disabled", "отключено");
const RELEASED: Words = ("released", "возвращено");
const DELETED: Words = ("deleted", "удалено");

type Words = (&'static str, &'static str);
const EMPTY: Words = ("No number is given.", "Не указано ни одного номера.");
const KNOWN: Words = (
    "The site has this number already.",
    "Этот номер у сайта уже есть.",
);
const UNKNOWN: Words = (
    "The site has no such number. Add it first.",
    "У сайта нет такого номера. Сначала добавьте его.",
);
const IN_USE: Words = (
    "The number is used for something else. Remove it there first.",
    "Номер уже используется. Сначала уберите его оттуда.",
);
const UNKNOWN_POOL: Words = ("There is no such pool.", "Такого пула нет.");
const UNKNOWN_SCENARIO: Words = ("There is no such scenario.", "Такого сценария нет.");
const ONE_LINE: Words = (
    "Calls go to a telephone number or to a SIP address: give one.",
    "Звонки идут либо на номер, либо на адрес SIP: укажите одно.",
);
const NO_LINE: Words = ("This is no telephone number.", "Это не номер телефона.");
const NOT_STATIC: Words = (
    "Only a static scenario binds numbers to sources.",
    "Номера закрепляет за источниками только статический сценарий.",
);

/// What is wrong with a pasted piece, for whoever pasted it.
pub fn words_of(reason: ListFaultReason) -> Text {
    use ListFaultReason as R;
    let (en, ru) = match reason {
        R::NotANumber => ("this is no telephone number.", "это не номер телефона."),
        R::TooShort => ("it has too few digits.", "слишком мало цифр."),
        R::TooLong => ("it has too many digits.", "слишком много цифр."),
        R::NoAreaCode => (
            "a local number, and the site has no area code.",
            "местный номер, а код города у сайта не задан.",
        ),
        R::Duplicate { first } => {
            return Text {
                en: format!("the same number as piece {first}."),
                ru: format!("тот же номер, что во фрагменте {first}."),
            };
        }
        R::Several => (
            "several numbers or a range in one writing: write each number in full.",
            "несколько номеров или диапазон одной записью: напишите каждый номер целиком.",
        ),
        R::Extension => (
            "an extension: a visitor is shown the number alone. Leave it out.",
            "добавочный: посетителю показывается только номер. Уберите его.",
        ),
        R::TooMany => (
            "more numbers than may be given at once.",
            "номеров больше, чем можно передать за раз.",
        ),
    };
    Text {
        en: en.to_owned(),
        ru: ru.to_owned(),
    }
}

#[cfg(test)]
mod tests;
