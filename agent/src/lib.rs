//! The agent's WebAssembly half: the rules of `ringlet-core` behind a handful of coarse calls.
//!
//! What it is: the places of the site's scenarios and the numbers now lent, the swap of one place of the page,
//! and the step of the visit. What it is not: the page, storage, network and timers: the loader
//! (`loader/`) has those as verbs and asks here what to do. Only short texts and plain numbers
//! cross the boundary; JSON is the host's to parse.
//!
//! Limits: one site per module; a slot that cannot be read shows the page's own number.

use core::cell::RefCell;

use ringlet_core::mask::Mask;
use ringlet_core::phone::{CountryCode, E164, Home};
use ringlet_core::swap::{Joint, Run, Shown, Wanted, rewrite};
use ringlet_core::time::{Millis, UnixMillis};
use ringlet_core::visit::{self, Event, Message, Others, Phase, Plan, Shared};
use wasm_bindgen::prelude::wasm_bindgen;

/// Between the texts of an answer: HTML cannot contain it, and the loader leaves out the texts of
/// scripts that do.
const BETWEEN: char = '\0';

#[derive(Default)]
struct Agent {
    country: Option<CountryCode>,
    area: String,
    slots: Vec<Slot>,
    /// The place being collected.
    runs: Vec<(String, Joint)>,
    links: Vec<String>,
}

struct Slot {
    mask: Option<Mask>,
    numbers: Vec<E164>,
    shown: Option<E164>,
}

thread_local! {
    static AGENT: RefCell<Agent> = RefCell::default();
}

fn with<T: Default>(act: impl FnOnce(&mut Agent) -> T) -> T {
    AGENT.with(|agent| {
        // Never twice at once: nothing here calls back into the host.
        agent
            .try_borrow_mut()
            .map_or_else(|_| T::default(), |mut agent| act(&mut agent))
    })
}

/// Where numbers without a prefix are at home.
#[wasm_bindgen]
pub fn site(country: &str, area: &str) {
    with(|agent| {
        agent.country = CountryCode::parse(country);
        agent.area = area.into();
        agent.slots.clear();
    });
}

/// Adds the next slot, the targets of one scenario that are written alike: its mask (empty for none) and the page numbers it looks for, separated
/// by spaces.
#[wasm_bindgen]
pub fn slot(mask: &str, numbers: &str) {
    with(|agent| {
        agent.slots.push(Slot {
            mask: Mask::parse(mask).ok(),
            numbers: numbers
                .split(' ')
                .filter_map(|digits| E164::parse(digits).ok())
                .collect(),
            shown: None,
        });
    });
}

/// From now on slot `index` shows the number `digits`; with none, the page's own.
#[wasm_bindgen]
pub fn show(index: usize, digits: &str) {
    with(|agent| {
        if let Some(slot) = agent.slots.get_mut(index) {
            slot.shown = E164::parse(digits).ok();
        }
    });
}

/// Adds a text node to the place being collected. `goes_on`: only inline markup stands before it.
#[wasm_bindgen]
pub fn text(text: String, goes_on: bool) {
    let joint = if goes_on { Joint::Soft } else { Joint::Hard };
    with(|agent| agent.runs.push((text, joint)));
}

/// Adds the address of a `tel:` link to the place being collected.
#[wasm_bindgen]
pub fn link(href: String) {
    with(|agent| agent.links.push(href));
}

/// Swaps the collected place for slot `index` and forgets it. `selected`: the owner chose the
/// element; else it is searched for its page numbers.
///
/// Answers the new texts of all texts and then of all links, in the order given and parted by
/// U+0000; nothing at all where the place stays as it is.
#[wasm_bindgen]
pub fn swap(index: usize, selected: bool) -> String {
    with(|agent| {
        let runs = core::mem::take(&mut agent.runs);
        let links = core::mem::take(&mut agent.links);
        let mut out = String::new();
        let Some(slot) = agent.slots.get(index) else {
            return out;
        };
        let (Some(country), Some(number)) = (agent.country, slot.shown) else {
            return out;
        };
        let area = Some(agent.area.as_str()).filter(|area| !area.is_empty());
        let shown = Shown {
            number,
            mask: slot.mask.as_ref(),
            home: Home { country, area },
        };
        let wanted = if selected {
            Wanted::Any
        } else {
            Wanted::These(&slot.numbers)
        };
        let runs: Vec<Run<'_>> = runs
            .iter()
            .map(|(text, joint)| Run {
                text,
                joint: *joint,
            })
            .collect();
        let links: Vec<&str> = links.iter().map(String::as_str).collect();
        if let Some(new) = rewrite(&runs, &links, wanted, shown) {
            for text in new.runs.iter().chain(&new.links) {
                out.push_str(text);
                out.push(BETWEEN);
            }
        }
        out
    })
}

/// One step of the visit.
///
/// `known` and the answer are rows of numbers, times in Unix milliseconds and zero for none:
/// `known` = phase (0 asking, 1 active, 2 idle, 3 away), last activity, last message, last
/// confirmation, no request before, failures, hold, beat, idle, last sign of another visible tab,
/// of another hidden tab, argument of the event.
/// Answer = the first six of these, then the message to send (0 none, 1 visit, 2 active, 3 keep,
/// 4 idle, 5 leave), whether to withdraw the numbers, and when to wake up (zero for never).
/// `event`: 0 start, 1 answer, 2 failure (argument: retry after), 3 activity, 4 show, 5 hide,
/// 6 leave, 7 return, 8 wake, 9 only whether remembered numbers may be shown (in "withdraw": 0 yes).
#[wasm_bindgen]
pub fn step(event: u32, visible: bool, now_ms: f64, known: &[f64]) -> Vec<f64> {
    let at = |index: usize| known.get(index).map_or(0, |value| *value as u64);
    let shared = Shared {
        phase: phase(at(0)),
        active_at: UnixMillis(at(1)),
        sent_at: UnixMillis(at(2)),
        confirmed_at: UnixMillis(at(3)),
        retry_at: UnixMillis(at(4)),
        failures: at(5) as u32,
    };
    let plan = Plan::new(Millis(at(6)), Millis(at(7)), Millis(at(8)));
    let seen = |index: usize| Some(UnixMillis(at(index))).filter(|at| at.0 > 0);
    let others = Others {
        visible_at: seen(9),
        hidden_at: seen(10),
    };
    let now = UnixMillis(now_ms as u64);
    let event = match event {
        0 => Event::Start,
        1 => Event::Answer,
        2 => Event::Failure {
            retry_after_ms: Millis(at(11)),
        },
        3 => Event::Activity,
        4 => Event::Show,
        5 => Event::Hide,
        6 => Event::Leave,
        7 => Event::Return,
        8 => Event::Wake,
        _ => {
            let stale = !visit::is_fresh(shared, plan, now);
            return row(shared, None, stale, None);
        }
    };
    let step = visit::step(shared, plan, others, event, visible, now);
    row(step.shared, step.send, step.withdraw, step.wake_at)
}

fn row(
    shared: Shared,
    send: Option<Message>,
    withdraw: bool,
    wake_at: Option<UnixMillis>,
) -> Vec<f64> {
    let phase = match shared.phase {
        Phase::Asking => 0,
        Phase::Active => 1,
        Phase::Idle => 2,
        Phase::Away => 3,
    };
    let send = match send {
        None => 0,
        Some(Message::Visit) => 1,
        Some(Message::Active) => 2,
        Some(Message::Keep) => 3,
        Some(Message::Idle) => 4,
        Some(Message::Leave) => 5,
    };
    let row = [
        phase,
        shared.active_at.0,
        shared.sent_at.0,
        shared.confirmed_at.0,
        shared.retry_at.0,
        u64::from(shared.failures),
        send,
        u64::from(withdraw),
        wake_at.map_or(0, |at| at.0),
    ];
    row.iter().map(|value| *value as f64).collect()
}

fn phase(number: u64) -> Phase {
    match number {
        1 => Phase::Active,
        2 => Phase::Idle,
        3 => Phase::Away,
        _ => Phase::Asking,
    }
}
