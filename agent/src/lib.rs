//! The agent's WebAssembly half: the rules of `ringlet-core` behind a handful of coarse calls.
//!
//! What it is: the places of the site's scenarios and the numbers now lent, the swap of one place,
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

#[cfg(target_family = "wasm")]
#[global_allocator]
// SAFETY: a module of the agent is never shared between threads.
static ALLOCATOR: lol_alloc::AssumeSingleThreaded<lol_alloc::FreeListAllocator> =
    unsafe { lol_alloc::AssumeSingleThreaded::new(lol_alloc::FreeListAllocator::new()) };

struct Single(RefCell<Agent>);
// SAFETY: as above; nothing here calls back into the host, so no borrow meets another.
unsafe impl Sync for Single {}

static AGENT: Single = Single(RefCell::new(Agent {
    country: None,
    area: String::new(),
    slots: Vec::new(),
    runs: Vec::new(),
    links: Vec::new(),
}));

/// The one way in: does `verb` with a text and a small number, and answers with a text. One
/// function with one text costs every page less than a function for each verb.
///
/// | verb | `index` | `given` | answer |
/// |---|---|---|---|
/// | 0 | – | country code of the site, forgetting all slots | |
/// | 1 | – | its area code | |
/// | 2 | – | mask of a new slot (targets of one scenario that are written alike), or nothing | |
/// | 3 | slot | a page number it looks for, digits | |
/// | 4 | slot | the number to show from now on, digits; nothing for the page's own | |
/// | 5 | 1: only inline markup stands before it | text of the next text node of a place | |
/// | 6 | – | address of the next `tel:` link of the place | |
/// | 7 | slot, plus [`SELECTED`] | – | see [`Agent::swap`]; forgets the place |
/// | 8 | event | see [`step`] | see [`step`] |
#[wasm_bindgen]
pub fn call(verb: u32, index: usize, given: String) -> String {
    let mut agent = AGENT.0.borrow_mut();
    let agent = &mut *agent;
    match verb {
        0 => {
            agent.country = CountryCode::parse(&given);
            agent.slots.clear();
        }
        1 => agent.area = given,
        2 => agent.slots.push(Slot {
            mask: Mask::checked_before(&given),
            numbers: Vec::new(),
            shown: None,
        }),
        3 | 4 => {
            let number = E164::parse(&given).ok();
            if let Some(slot) = agent.slots.get_mut(index) {
                if verb == 4 {
                    slot.shown = number;
                } else if let Some(number) = number {
                    slot.numbers.push(number);
                }
            }
        }
        5 => {
            let joint = if index == 0 { Joint::Hard } else { Joint::Soft };
            agent.runs.push((given, joint));
        }
        6 => agent.links.push(given),
        7 => return agent.swap(index).unwrap_or_default(),
        _ => return step(index, &given),
    }
    String::new()
}

/// Added to the slot of verb 7 where the owner selected the element; else the place is searched for
/// the slot's page numbers.
const SELECTED: usize = 1 << 16;

impl Agent {
    /// Swaps the collected place for a slot.
    ///
    /// Answers the new texts of all texts and then of all links, in the order given and each
    /// followed by U+0000; nothing at all where there is no place, and a single U+0000 for a place
    /// that keeps its own number because the slot has none to show.
    fn swap(&mut self, index: usize) -> Option<String> {
        let texts = core::mem::take(&mut self.runs);
        let links = core::mem::take(&mut self.links);
        let slot = self.slots.get(index % SELECTED)?;
        // Without a number the place is only looked for: any number does.
        let number = slot.shown.or(slot.numbers.first().copied())?;
        let area = if self.area.is_empty() {
            None
        } else {
            Some(self.area.as_str())
        };
        let shown = Shown {
            number,
            mask: slot.mask.as_ref(),
            home: Home {
                country: self.country?,
                area,
            },
        };
        let selected = index >= SELECTED;
        let wanted = if selected {
            Wanted::Any
        } else {
            Wanted::These(&slot.numbers)
        };
        let mut runs = Vec::new();
        for (text, joint) in &texts {
            runs.push(Run {
                text,
                joint: *joint,
            });
        }
        let new = rewrite(&runs, &links, wanted, shown)?;
        let mut out = String::new();
        if slot.shown.is_some() {
            for text in new.runs.iter().chain(&new.links) {
                out.push_str(text);
                out.push(BETWEEN);
            }
        } else {
            out.push(BETWEEN);
        }
        Some(out)
    }
}

/// One step of the visit, as rows of whole numbers with a space after each: times in Unix
/// milliseconds, zero for none.
///
/// Given: now, whether the page is visible (1), phase (0 asking, 1 active, 2 idle, 3 away), last
/// activity, last message, last confirmation, no request before, failures, hold, beat, idle, last
/// sign of another visible tab, of a hidden one, and the event's argument.
/// Answer: the six from phase to failures, the message to send (0 none, 1 visit, 2 active, 3 keep,
/// 4 idle, 5 leave), 1 to withdraw the numbers, and when to wake up.
/// Events: 0 start, 1 answer, 2 failure (argument: retry after), 3 activity, 4 show, 5 hide, 6
/// leave, 7 return, 8 wake, 9 none: "withdraw" then tells that remembered numbers are too old.
fn step(event: usize, given: &str) -> String {
    let mut known = [0; 14];
    let mut index = 0;
    for byte in given.bytes() {
        match (byte, known.get_mut(index)) {
            (b'0'..=b'9', Some(value)) => {
                *value = u64::wrapping_add(u64::wrapping_mul(*value, 10), u64::from(byte - b'0'));
            }
            _ => index += 1,
        }
    }
    let [now, visible, phase, known @ ..] = known;
    let [
        active,
        sent,
        confirmed,
        retry,
        failures,
        hold,
        beat,
        idle,
        shown,
        hidden,
        argument,
    ] = known;
    let shared = Shared {
        phase: match phase {
            1 => Phase::Active,
            2 => Phase::Idle,
            3 => Phase::Away,
            _ => Phase::Asking,
        },
        active_at: UnixMillis(active),
        sent_at: UnixMillis(sent),
        confirmed_at: UnixMillis(confirmed),
        retry_at: UnixMillis(retry),
        failures: failures as u32,
    };
    let plan = Plan::new(Millis(hold), Millis(beat), Millis(idle));
    let seen = |at: u64| (at > 0).then_some(UnixMillis(at));
    let others = Others {
        visible_at: seen(shown),
        hidden_at: seen(hidden),
    };
    let event = match event {
        0 => Event::Start,
        1 => Event::Answer,
        2 => Event::Failure {
            retry_after_ms: Millis(argument),
        },
        3 => Event::Activity,
        4 => Event::Show,
        5 => Event::Hide,
        6 => Event::Leave,
        7 => Event::Return,
        8 => Event::Wake,
        _ => {
            let stale = !visit::is_fresh(shared, plan, UnixMillis(now));
            return row(shared, None, stale, None);
        }
    };
    let step = visit::step(shared, plan, others, event, visible > 0, UnixMillis(now));
    row(step.shared, step.send, step.withdraw, step.wake_at)
}

fn row(
    shared: Shared,
    send: Option<Message>,
    withdraw: bool,
    wake_at: Option<UnixMillis>,
) -> String {
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
    let mut out = String::new();
    for value in [
        phase,
        shared.active_at.0,
        shared.sent_at.0,
        shared.confirmed_at.0,
        shared.retry_at.0,
        u64::from(shared.failures),
        send,
        u64::from(withdraw),
        wake_at.map_or(0, |at| at.0),
    ] {
        push_digits(&mut out, value);
        out.push(' ');
    }
    out
}

fn push_digits(out: &mut String, value: u64) {
    if value > 9 {
        push_digits(out, value / 10);
    }
    out.push(char::from(b'0' + (value % 10) as u8));
}
