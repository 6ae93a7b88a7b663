//! Writing a number in the shape of another: every separator, dash, bracket and invisible mark
//! stays where it is, only digits change.
//!
//! A bracketed area code stays bracketed when the new one has another length. Where the shape
//! cannot hold the number (a local number of another area, a trunk form of another country) the
//! whole national or international number is written instead: showing digits that lead to a
//! stranger is the one thing that must not happen. So the result is read back before it is used.

use super::{prefix_of, push_filled, push_row, put, put_all};
use crate::phone::read::{Codes, Form, is_zero, read_chars, read_digits, written_digits};
use crate::phone::{E164, Row};

/// `number` as it would have been written where `shape` stood, on a page at `home`.
///
/// `shape` is the text of one number as on the page. Anything may be given; what is no number is
/// answered with `full`, the number as [`super::full`] writes it. Without that the digits after a
/// `+` do.
pub fn in_shape_of(shape: &[char], number: E164, full: &[char], home: Codes) -> Vec<char> {
    let mut out = Vec::new();
    if !write_like(&mut out, shape, number, area_digits(full), home) {
        out.clear();
        put_all(&mut out, full);
        if full.is_empty() {
            put(&mut out, '+');
            push_row(&mut out, number.row());
        }
    }
    out
}

/// How many digits the area code has: the second group of `full`.
pub(crate) fn area_digits(full: &[char]) -> usize {
    let mut group = 0;
    let mut digits = 0;
    let mut before = false;
    for c in full {
        let is_digit = c.is_ascii_digit();
        group += usize::from(is_digit && !before);
        digits += usize::from(is_digit && group == 2);
        before = is_digit;
    }
    digits
}

/// Writes `number`, whose area code has `area` digits, into `out`; false where the shape cannot
/// hold it.
pub(super) fn write_like(
    out: &mut Vec<char>,
    shape: &[char],
    number: E164,
    area: usize,
    home: Codes,
) -> bool {
    let Some((digits, plus)) = written_digits(shape) else {
        return false;
    };
    let Some((old, form)) = read_digits(digits, plus, home) else {
        return false;
    };
    let written = if form == Form::Local {
        write_local(out, shape, number, home)
    } else {
        // What leads abroad stands before the country code: 00, or 810.
        let leading = if form == Form::International {
            digits.len() - old.row().len()
        } else {
            0
        };
        rewrite(out, shape, leading, (old, form), (number, area), home)
    };
    written.is_some() && read_chars(out, home) == Some(number)
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

/// A number of the home area without its area code.
fn write_local(out: &mut Vec<char>, shape: &[char], number: E164, home: Codes) -> Option<()> {
    let split = number.split();
    if split.country != home.country {
        return None;
    }
    let subscriber = split.national.after(home.area)?;
    push_filled(out, shape, subscriber, is_digit);
    Some(())
}

fn rewrite(
    out: &mut Vec<char>,
    shape: &[char],
    leading: usize,
    (old, form): (E164, Form),
    (number, area): (E164, usize),
    home: Codes,
) -> Option<()> {
    let split = number.split();
    let prefix = prefix_of(split, form, home)?;
    // The old number had the form, so it has a prefix.
    let old_prefix = prefix_of(old.split(), form, home).unwrap_or_default();
    let (prefix_end, brackets) = zones(shape, leading + old_prefix.len(), form)?;
    let (head, body) = shape.split_at_checked(prefix_end)?;
    if prefix == old_prefix {
        put_all(out, head);
    } else {
        push_prefix(out, head, old_prefix.len(), prefix);
    }
    let Some((from, to)) = brackets.filter(|_| area > 0) else {
        push_filled(out, body, split.national, is_digit);
        return Some(());
    };
    let (area, subscriber) = split.national.cut(area);
    put_all(out, shape.get(prefix_end..from)?);
    push_filled(out, shape.get(from..to)?, area, is_digit);
    push_filled(out, shape.get(to..)?, subscriber, is_digit);
    Some(())
}

/// The head of a shape with its first `slots` digits replaced by `prefix` as a whole.
fn push_prefix(out: &mut Vec<char>, head: &[char], slots: usize, prefix: Row) {
    let mut seen = 0;
    for c in head {
        if c.is_ascii_digit() && seen < slots {
            if seen == 0 {
                push_row(out, prefix);
            }
            seen += 1;
        } else {
            put(out, *c);
        }
    }
}

/// Where a shape's prefix (country code or trunk) ends, and where the area code in brackets begins
/// and ends.
type Zones = (usize, Option<(usize, usize)>);

fn zones(shape: &[char], prefix_digits: usize, form: Form) -> Option<Zones> {
    let next_digit = |mut at: usize| {
        while !shape.get(at)?.is_ascii_digit() {
            at += 1;
        }
        Some(at)
    };
    let mut prefix_end = 0;
    for _ in 0..prefix_digits {
        prefix_end = next_digit(prefix_end)? + 1;
    }
    let mut first = next_digit(prefix_end)?;
    // The (0) of "+44 (0)20 …" is not dialled from abroad: it stays as it stands.
    if form == Form::International
        && is_zero(shape, first)
        && first.checked_sub(1).and_then(|at| shape.get(at)) == Some(&'(')
    {
        prefix_end = first + 2;
        first = next_digit(first + 1)?;
    }
    let mut close = first;
    while !matches!(shape.get(close), None | Some(')' | ']')) {
        close += 1;
    }
    let is_bracketed = close < shape.len() && opens(shape, first);
    Some((prefix_end, is_bracketed.then_some((first, close))))
}

/// Whether a bracket is open at `at`.
fn opens(shape: &[char], at: usize) -> bool {
    let mut is_open = false;
    for c in shape.get(..at).unwrap_or_default() {
        is_open = match c {
            '(' | '[' => true,
            ')' | ']' => false,
            _ => is_open,
        };
    }
    is_open
}
