//! Reading a list of numbers as an owner pastes it.
//!
//! Numbers are separated by commas, semicolons, line ends, tabs, bars or just spaces; each may be
//! written in any way [`super::read`] understands, in digits of any width ([`super::pasted`]).
//! Whatever is no number, and every duplicate, is listed back with its position and reason. What
//! says nothing of its own is left out: quotes, bullets and ordinals before a line, the word
//! "telephone".

use super::E164;
use super::pasted::{
    bare, holds_several, is_dash, is_extension, is_hard, is_plus, parts_at_slashes, plain,
};
use super::read::{Home, read_digits, written_digits};
use crate::limits;

/// What [`read_list`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberList {
    /// Distinct numbers in the order of first appearance.
    pub numbers: Vec<E164>,
    /// What was not taken, in order of appearance.
    pub faults: Vec<ListFault>,
}

/// A piece of the pasted text that became no number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListFault {
    /// Line, from 1.
    pub line: usize,
    /// Position among all pieces, numbers included, from 1.
    pub position: usize,
    /// The piece as pasted, without quotes around it, at most [`limits::LIST_ECHO_CHARS`]
    /// characters.
    pub text: String,
    /// Why it is not taken.
    pub reason: ListFaultReason,
}

/// Why a piece of a list is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListFaultReason {
    /// Letters or signs that belong to no number.
    NotANumber,
    /// Too few digits for a number of this country.
    TooShort,
    /// Too many digits for a number of this country.
    TooLong,
    /// A local number, and the site has no area code.
    NoAreaCode,
    /// The same number stands at this earlier position.
    Duplicate {
        /// Position among all pieces, from 1.
        first: usize,
    },
    /// Several numbers in one writing: a range, or an ending that stands for another number.
    Several,
    /// The extension behind a number.
    Extension,
    /// More numbers than one list may hold.
    TooMany,
}

impl ListFaultReason {
    /// A stable word for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotANumber => "not_a_number",
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::NoAreaCode => "no_area_code",
            Self::Duplicate { .. } => "duplicate",
            Self::Several => "several",
            Self::Extension => "extension",
            Self::TooMany => "too_many",
        }
    }
}

/// Reads numbers pasted for a site at `home`.
pub fn read_list(text: &str, home: Home<'_>) -> NumberList {
    let mut reader = ListReader {
        home,
        list: NumberList::default(),
        seen: std::collections::BTreeMap::new(),
        position: 0,
    };
    for (index, line) in text.lines().enumerate() {
        for (place, piece) in line.split(is_hard).enumerate() {
            let piece = bare(piece, place == 0);
            if !piece.is_empty() {
                reader.read_piece(piece, index + 1);
            }
        }
    }
    reader.list
}

struct ListReader<'a> {
    home: Home<'a>,
    list: NumberList,
    seen: std::collections::BTreeMap<E164, usize>,
    position: usize,
}

impl ListReader<'_> {
    /// One piece between hard separators: a number, or several with only spaces or slashes
    /// between.
    fn read_piece(&mut self, piece: &str, line: usize) {
        let is_number = |text: &str| read_strict(text, self.home).is_ok();
        if let Ok(number) = read_strict(piece, self.home) {
            return self.take(number, piece, line);
        }
        let mut spans = match parts_at_slashes(piece, is_number) {
            Some(parts) => {
                let read = |text| (text, read_strict(text, self.home));
                parts.into_iter().map(read).collect()
            }
            None => split_by_spaces(piece, self.home),
        };
        let read = spans.iter().filter(|span| span.1.is_ok()).count();
        if read == 0 || (read < spans.len() && holds_several(piece, is_number)) {
            spans = vec![(piece, read_strict(piece, self.home))];
        }
        for (text, read) in spans {
            match read {
                Ok(number) => self.take(number, text, line),
                Err(_) if is_extension(text) => {
                    self.refuse(text, line, ListFaultReason::Extension);
                }
                Err(_) if holds_several(text, |text| read_strict(text, self.home).is_ok()) => {
                    self.refuse(text, line, ListFaultReason::Several);
                }
                Err(reason) => self.refuse(text, line, reason),
            }
        }
    }

    fn take(&mut self, number: E164, text: &str, line: usize) {
        if let Some(first) = self.seen.get(&number) {
            let reason = ListFaultReason::Duplicate { first: *first };
            return self.refuse(text, line, reason);
        }
        if self.list.numbers.len() >= limits::LIST_NUMBERS {
            return self.refuse(text, line, ListFaultReason::TooMany);
        }
        self.position += 1;
        self.seen.insert(number, self.position);
        self.list.numbers.push(number);
    }

    fn refuse(&mut self, text: &str, line: usize, reason: ListFaultReason) {
        self.position += 1;
        self.list.faults.push(ListFault {
            line,
            position: self.position,
            text: text.chars().take(limits::LIST_ECHO_CHARS).collect(),
            reason,
        });
    }
}

/// One number and nothing else, of a length its country uses.
fn read_strict(text: &str, home: Home<'_>) -> Result<E164, ListFaultReason> {
    // A dash at an end belongs to what stands beyond it.
    if text.starts_with(is_dash) || text.ends_with(is_dash) {
        return Err(ListFaultReason::NotANumber);
    }
    let text: Vec<char> = text.chars().map(plain).collect();
    let (digits, plus) = written_digits(&text).ok_or(ListFaultReason::NotANumber)?;
    let by_length = || {
        let short = digits.len() < 10;
        let trunk = home.country.plan().trunk();
        let bare = trunk.is_none_or(|trunk| digits.after(trunk).is_none());
        let local = home.area.is_none() && bare && (5..=7).contains(&digits.len());
        match (local, short) {
            (true, _) => ListFaultReason::NoAreaCode,
            (_, true) => ListFaultReason::TooShort,
            _ => ListFaultReason::TooLong,
        }
    };
    let Some((number, _)) = read_digits(digits, plus, home.codes()) else {
        return Err(by_length());
    };
    let parts = number.parts();
    let plan = parts.plan();
    if plan.is_known() && !parts.is_regular() {
        let short = (1..=parts.national().len()).all(|length| !plan.fits(length));
        return Err(if short {
            ListFaultReason::TooShort
        } else {
            ListFaultReason::TooLong
        });
    }
    // The shortest international numbers in use have seven digits.
    if number.digits().as_str().len() < 7 {
        return Err(ListFaultReason::TooShort);
    }
    Ok(number)
}

type Span<'a> = (&'a str, Result<E164, ListFaultReason>);

/// The best way to go on from one word: its cost, where it leads, and whether it is a number.
#[derive(Clone, Copy, Default)]
struct Step {
    /// Unreadable words, then numbers, from here to the end.
    cost: (usize, usize),
    /// The word after the span.
    to: usize,
    number: bool,
}

/// The best way to cut `piece` at its spaces: fewest unreadable words, then fewest numbers.
/// A word that begins with `+` begins a number, and what cannot be read after it stays with it.
fn split_by_spaces<'a>(piece: &'a str, home: Home<'_>) -> Vec<Span<'a>> {
    let words = word_ranges(piece);
    let span = |from: usize, to: usize| &piece[words[from].0..words[to - 1].1];
    let plus = |at: usize| piece[words[at].0..].starts_with(is_plus);
    let mut steps = vec![Step::default(); words.len() + 1];
    let mut next_plus = words.len();
    for from in (0..words.len()).rev() {
        let skip_to = if plus(from) { next_plus } else { from + 1 };
        let rest = steps[skip_to].cost;
        let mut best = Step {
            cost: (rest.0 + skip_to - from, rest.1),
            to: skip_to,
            number: false,
        };
        // A number written in more than twelve words is none.
        let last = next_plus.min(from + 12);
        for (to, step) in steps.iter().enumerate().take(last + 1).skip(from + 1) {
            let rest = step.cost;
            let cost = (rest.0, rest.1 + 1);
            if cost <= best.cost && read_strict(span(from, to), home).is_ok() {
                best = Step {
                    cost,
                    to,
                    number: true,
                };
            }
        }
        steps[from] = best;
        if plus(from) {
            next_plus = from;
        }
    }
    let mut spans = Vec::new();
    let mut from = 0;
    while from < words.len() {
        let mut to = steps[from].to;
        // Neighbouring unreadable words are listed back together.
        while !steps[from].number && to < words.len() && !steps[to].number && !plus(to) {
            to = steps[to].to;
        }
        let text = span(from, to);
        let read = read_strict(text, home);
        spans.push((text, read));
        from = to;
    }
    spans
}

/// Byte ranges of the words of `text`. A `+` behind a digit begins the next number.
fn word_ranges(text: &str) -> Vec<(usize, usize)> {
    let mut ranges = Vec::new();
    let mut start = None;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let after_digit = plain(before).is_ascii_digit();
        before = c;
        match (c.is_whitespace(), start) {
            (false, None) => start = Some(at),
            (false, Some(from)) if is_plus(c) && after_digit => {
                ranges.push((from, at));
                start = Some(at);
            }
            (true, Some(from)) => {
                ranges.push((from, at));
                start = None;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        ranges.push((from, text.len()));
    }
    ranges
}
