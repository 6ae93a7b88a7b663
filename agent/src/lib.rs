//! The agent's WebAssembly half: the rules of `ringlet-core` behind three coarse calls.
//!
//! What it is: the swap of one place of a page, and the step of the visit. What it is not: the
//! page, storage, network and timers: the loader (`loader/`) has those as verbs and asks here what
//! to do. JSON is the host's to parse.
//!
//! Invariant: a call depends on what is given to it and on nothing else. So whatever happened
//! before (a trap, an odd page) cannot spoil the next answer, and memory is one arena, emptied by
//! [`room`](boundary).
//!
//! The boundary is plain WebAssembly, without generated glue: numbers in and out through memory
//! (see [`boundary`]).
//!
//! Two modules are made of it. The whole one has [`swap`]; the light one, with the feature `light`,
//! has [`swap_light`] under that name and is what most pages load alone.

use ringlet_core::phone::{Codes, CountryCode, E164, Row};
use ringlet_core::swap::{END, Joint, Light, Odd, Run, Shown, Wanted, rewrite};
use ringlet_core::time::{Millis, UnixMillis};
use ringlet_core::visit::{self, Event, Message, Others, Phase, Plan, Shared};

#[cfg(target_family = "wasm")]
mod boundary;

/// Swaps one place of a page.
///
/// Given are fields, each a letter and a text up to U+0000 (which HTML cannot contain, and the
/// loader leaves out the texts of scripts that do), in any order but for the texts:
///
/// | letter | text |
/// |---|---|
/// | `c` | country code of the site |
/// | `a` | its area code, if it has one |
/// | `n` | a page number that the slot looks for, digits |
/// | `s` | the number to show, digits; empty for the page's own |
/// | `m` | that number as the slot's mask writes it; empty where there is no mask |
/// | `f` | that number in full, for where the shape cannot be kept |
/// | `e` | the owner selected the element: whatever number stands there is meant |
/// | `h` | text of the next text node, at the beginning of a line or block |
/// | `t` | the same, but only inline markup stands before it |
/// | `l` | address of a link that belongs to the place |
///
/// Digits that are no telephone's, whatever they look like, come as U+FDD0 to U+FDD9, and go back
/// so: the loader knows them by the word before them (`loader/search.js`).
///
/// Answers the new texts of all texts and then of all links, in the order given and each followed
/// by U+0000; nothing at all where there is no place, and an empty text for a place that keeps its
/// own number because there is none to show.
pub fn swap(given: &[char]) -> Option<Vec<char>> {
    let mut country = None;
    let mut area = Row::EMPTY;
    let mut written: &[char] = &[];
    let mut full: &[char] = &[];
    let mut numbers = Vec::new();
    let mut shown = None;
    let mut is_selected = false;
    let mut runs = Vec::new();
    let mut links = Vec::new();
    let mut rest = given;
    while let Some((letter, text)) = next_field(&mut rest) {
        let digits = Row::read(text.iter().copied());
        match letter {
            END => {}
            'c' => country = CountryCode::from_row(digits),
            'a' => area = digits,
            'm' => written = text,
            'f' => full = text,
            'n' => {
                if let Some(number) = E164::from_row(digits) {
                    numbers.push(number);
                }
            }
            's' => shown = E164::from_row(digits),
            'e' => is_selected = true,
            'l' => links.push(text),
            _ => {
                let joint = joint(letter);
                runs.push(Run { text, joint });
            }
        }
    }
    let wanted = if is_selected {
        Wanted::Any
    } else {
        Wanted::These(&numbers)
    };
    let look = Shown {
        // Without a number the place is only looked for: any number does.
        number: shown.or(numbers.first().copied())?,
        written,
        full,
        home: Codes {
            country: country?,
            area,
        },
    };
    let new = rewrite(&runs, &links, wanted, look)?;
    Some(if shown.is_some() { new } else { Vec::new() })
}

/// [`swap`] where it is plain what to do: it answers the same, or that it does not know.
///
/// The texts come behind everything else but the links, and those last. The answer is written into
/// `out`; how long it is is returned.
///
/// # Errors
/// [`Odd`]: ask the whole rules.
pub fn swap_light(given: &[char], out: &mut [char]) -> Result<Option<usize>, Odd> {
    let mut light = Light::new(out);
    let mut is_selected = false;
    let mut rest = given;
    while let Some((letter, text)) = next_field(&mut rest) {
        let digits = Row::read(text.iter().copied());
        match letter {
            'h' | 't' => light.add_text(text, joint(letter)),
            'l' => light.add_link(text),
            _ if light.has_begun() => return Err(Odd),
            'a' | END => {}
            'c' => light.set_country(digits),
            'e' => is_selected = true,
            'f' => light.full = text,
            'm' => light.written = text,
            's' => light.number = digits,
            _ => return Err(Odd),
        }
    }
    if E164::from_row(light.number).is_none() {
        return Ok(None);
    }
    if is_selected {
        light.answer()
    } else {
        Err(Odd)
    }
}

/// The next field of `given`: its letter and its text. An empty one has [`END`] for its letter.
fn next_field<'a>(given: &mut &'a [char]) -> Option<(char, &'a [char])> {
    let (letter, after) = given.split_first()?;
    *given = after;
    let mut text = &[][..];
    if *letter != END {
        let mut end = 0;
        while after.get(end).is_some_and(|c| *c != END) {
            end += 1;
        }
        text = after.get(..end)?;
        *given = after.get(end + 1..).unwrap_or_default();
    }
    Some((*letter, text))
}

/// What stands before a text with this letter.
fn joint(letter: char) -> Joint {
    if letter == 't' {
        Joint::Soft
    } else {
        Joint::Hard
    }
}

/// One step of the visit. Times are Unix milliseconds, zero for none; what is no number counts as
/// zero.
///
/// Given: now, whether the page is visible (1), phase (0 asking, 1 active, 2 idle, 3 away), last
/// activity, last message, last confirmation, no request before, failures, hold, beat, idle, last
/// sign of another visible tab, of a hidden one, and the event's argument.
/// Answer: the six from phase to failures, the message to send (0 none, 1 visit, 2 active, 3 keep,
/// 4 idle, 5 leave), 1 to withdraw the numbers, and when to wake up.
/// Events: 0 start, 1 answer, 2 failure (argument: retry after), 3 activity, 4 show, 5 hide, 6
/// leave, 7 return, 8 wake, 9 none: "withdraw" then tells that remembered numbers are too old.
pub fn step(event: u32, given: [f64; 14]) -> [f64; 9] {
    let [
        now,
        visible,
        phase,
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
    ] = given.map(|value| value as u64);
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
    let now = UnixMillis(now);
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
            let stale = !visit::is_fresh(shared, plan, now);
            return row(shared, None, stale, None);
        }
    };
    let step = visit::step(shared, plan, others, event, visible > 0, now);
    row(step.shared, step.send, step.withdraw, step.wake_at)
}

fn row(
    shared: Shared,
    send: Option<Message>,
    withdraw: bool,
    wake_at: Option<UnixMillis>,
) -> [f64; 9] {
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
    [
        phase,
        shared.active_at.0,
        shared.sent_at.0,
        shared.confirmed_at.0,
        shared.retry_at.0,
        u64::from(shared.failures),
        send,
        u64::from(withdraw),
        wake_at.map_or(0, |at| at.0),
    ]
    .map(|value| value as f64)
}
