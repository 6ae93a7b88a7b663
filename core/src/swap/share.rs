//! Writing new numbers into runs: a number that lies in several tags is shared out among them by
//! its digits, so that every tag keeps its part; white space at a run's edges stays the page's.

use core::ops::Range;

use crate::mask::{put, put_all};

use super::find::{Joined, is_blank, trim};

/// A new number on its way into the text.
pub(super) struct Swap {
    range: Range<usize>,
    new: Vec<char>,
    /// Only digits differ: every character takes the place of its like.
    is_alike: bool,
    /// Old and new have equally many digits, so each run gets as many as it had.
    is_even: bool,
    /// The page has white space of its own between the digits.
    is_spaced: bool,
    /// Digits of the old number that earlier runs held.
    seen: usize,
    /// How much of the new number earlier runs got.
    given: usize,
}

impl Swap {
    pub(super) fn new(range: Range<usize>, old: &[char], new: Vec<char>) -> Self {
        let both_digits = |a: &char, b: &char| a.is_ascii_digit() && b.is_ascii_digit();
        let mut pairs = old.iter().zip(&new);
        Self {
            range,
            is_alike: old.len() == new.len() && pairs.all(|(a, b)| a == b || both_digits(a, b)),
            is_spaced: old.iter().any(|c| is_blank(*c)),
            is_even: digits(old) == digits(&new),
            new,
            seen: 0,
            given: 0,
        }
    }

    /// Writes the part for `share`, a run's piece of the old number.
    fn write(&mut self, out: &mut Vec<char>, text: &[char], share: Range<usize>) {
        if self.is_alike {
            let start = self.range.start;
            return push(out, &self.new, share.start - start..share.end - start);
        }
        let mut core = share.clone();
        trim(text, &mut core);
        let is_first = share.start == self.range.start;
        let is_last = share.end == self.range.end;
        push(out, text, share.start..core.start);
        let piece = text.get(core.clone()).unwrap_or_default();
        let held = digits(piece);
        if held > 0 {
            self.seen += held;
            let from = self.given;
            let to = if is_last || !self.is_even {
                self.new.len()
            } else {
                self.cut()
            };
            let mut part = from..to.max(from);
            self.given = part.end;
            if self.is_spaced && !(is_first && is_last) {
                trim(&self.new, &mut part);
            }
            push(out, &self.new, part);
        }
        push(out, text, core.end..share.end);
    }

    /// Where the first digit of the next run begins, with the bracket or `+` before it.
    fn cut(&self) -> usize {
        let mut digits = 0;
        for (at, c) in self.new.iter().enumerate() {
            if c.is_ascii_digit() {
                if digits == self.seen {
                    let opens = |at: usize| matches!(self.new.get(at), Some('(' | '[' | '+'));
                    return if at > 0 && opens(at - 1) { at - 1 } else { at };
                }
                digits += 1;
            }
        }
        self.new.len()
    }
}

fn digits(text: &[char]) -> usize {
    let mut digits = 0;
    for c in text {
        digits += usize::from(c.is_ascii_digit());
    }
    digits
}

/// The new texts of all runs, each followed by [`super::END`].
pub(super) fn texts(joined: &Joined, swaps: &mut [Swap]) -> Vec<char> {
    let mut out = Vec::new();
    for (index, (begin, _)) in joined.starts.iter().enumerate() {
        let next = joined.starts.get(index + 1);
        let end = next.map_or(joined.text.len(), |next| next.0);
        let mut at = *begin;
        for swap in swaps.iter_mut() {
            let share = swap.range.start.max(at)..swap.range.end.min(end);
            if share.start < share.end {
                push(&mut out, &joined.text, at..share.start);
                at = share.end;
                swap.write(&mut out, &joined.text, share);
            }
        }
        push(&mut out, &joined.text, at..end);
        put(&mut out, super::END);
    }
    out
}

fn push(out: &mut Vec<char>, text: &[char], range: Range<usize>) {
    put_all(out, text.get(range).unwrap_or_default());
}
