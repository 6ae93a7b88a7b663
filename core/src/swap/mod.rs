//! Putting another number where one stands on a page: text runs and link addresses in, their new
//! texts out.
//!
//! What it is: the rules of a swap. [`find`] tells which stretches of text are numbers; this file
//! decides for one place of the page (an element the owner selected, a link, a line of text)
//! whether it is swapped, and writes the new number so that every run keeps its own share.
//! What it is not: the DOM. The agent's shell collects runs and writes them back; originals are
//! kept there, so restoring needs no rule.
//!
//! Text is a row of characters. The agent's are the page's code units: halves of surrogate pairs
//! stand as characters of their own, which no rule knows.
//!
//! Invariants: all or nothing per place; characters outside the numbers found never change;
//! rewriting what was rewritten gives the same again; the number of runs and links stays.

use crate::mask::{in_shape_of, push_tel, put, put_all};
use crate::phone::read::read_digits;
use crate::phone::{Codes, E164, Row};

mod find;
mod light;
mod share;

pub use light::{Light, Odd};

/// Shortest digits of an address that are taken for a company's number: below are services (`112`)
/// and short codes, which nobody tracks.
const LINK_DIGITS_MIN: usize = 5;
/// Digits that make an unreadable stretch look like a number: half-swapping beside it would leave
/// two numbers for one.
const UNREAD_DIGITS: usize = 7;

/// What stands between a run and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joint {
    /// A new line, block or cell: no number reaches over it.
    Hard,
    /// Inline markup only: a number may go on.
    Soft,
}

/// The text of one text node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run<'a> {
    /// Its text.
    pub text: &'a [char],
    /// What stands before it.
    pub joint: Joint,
}

/// Which numbers are to be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// Whatever number stands there: the owner selected the element.
    Any,
    /// These numbers in any writing, and nothing else.
    These(&'a [E164]),
}

/// The number to show and how to write it.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The number.
    pub number: E164,
    /// The number as a mask writes it ([`crate::mask`]). Without one it takes the shape of what
    /// stood there.
    pub written: &'a [char],
    /// The whole number, where the shape cannot be kept ([`crate::mask::full`]).
    pub full: &'a [char],
    /// Where the page is at home.
    pub home: Codes,
}

/// Ends every text of a place: HTML cannot contain it.
pub const END: char = '\0';

/// Rewrites one place of a page. `links` are the addresses of the `tel:` links that belong to it:
/// inside, around, or the element itself.
///
/// Returns the new texts in the order given, one for each run (those without a number are
/// unchanged) and then one for each link address, each followed by [`END`]; nothing where the place
/// is to be left alone.
pub fn rewrite(
    runs: &[Run<'_>],
    links: &[&[char]],
    wanted: Wanted<'_>,
    shown: Shown<'_>,
) -> Option<Vec<char>> {
    let joined = find::Joined::new(runs);
    let mut swaps = Vec::new();
    let pieces = joined.numbers(wanted, shown.home);
    for piece in &pieces {
        if !piece.is_wanted {
            continue;
        }
        let old = joined.text.get(piece.range.clone())?;
        let new = if shown.written.is_empty() {
            in_shape_of(old, shown.number, shown.full, shown.home)
        } else {
            copy(shown.written)
        };
        // What stays beside it would be read with the new number's code, or as it.
        let (was, is) = (Row::read(copy(old)), Row::read(copy(&new)));
        let is_local = was.len() <= UNREAD_DIGITS && was.len() < is.len();
        let code = |row: Row| {
            let head = row.cut(row.len().saturating_sub(UNREAD_DIGITS)).0;
            head.cut(head.len().saturating_sub(3)).1
        };
        if is_local && joined.is_led(piece) || code(was) != code(is) && joined.leads(piece, &pieces)
        {
            return None;
        }
        swaps.push(share::Swap::new(piece.range.clone(), old, new));
    }
    if swaps.is_empty() && !may_change_links_only(&joined, links, wanted, shown.home) {
        return None;
    }
    let mut new = share::texts(&joined, &mut swaps);
    for href in links {
        if is_short(href) {
            put_all(&mut new, href);
        } else {
            push_tel(&mut new, shown.number.row());
            put_all(&mut new, extension(link_digits(href).2));
        }
        put(&mut new, END);
    }
    Some(new)
}

/// The text holds no number to replace: are its links swapped nevertheless? A button («Call us»)
/// is; a link whose text names another number, or one we cannot read, is not.
fn may_change_links_only(
    joined: &find::Joined,
    links: &[&[char]],
    wanted: Wanted<'_>,
    home: Codes,
) -> bool {
    let is_wanted = |href: &[char]| match wanted {
        Wanted::Any => !is_short(href),
        Wanted::These(numbers) => read_link(href, home).is_some_and(|n| numbers.contains(&n)),
    };
    links.iter().any(|href| is_wanted(href)) && joined.digits_at_most() < UNREAD_DIGITS
}

fn copy(text: &[char]) -> Vec<char> {
    let mut out = Vec::new();
    put_all(&mut out, text);
    out
}

fn is_short(href: &[char]) -> bool {
    (1..LINK_DIGITS_MIN).contains(&link_digits(href).0.len())
}

/// The number a `tel:` address dials, however it is written: separators, percent-encoding, two
/// slashes, an extension after `;` or `,`.
pub fn read_link(href: &[char], home: Codes) -> Option<E164> {
    let (digits, plus, _) = link_digits(href);
    read_digits(digits, plus, home).map(|(number, _)| number)
}

/// The digits of an address up to an extension, whether a `+` stands before them, and what follows.
fn link_digits(href: &[char]) -> (Row, bool, &[char]) {
    let mut digits = Row::EMPTY;
    let mut plus = false;
    let mut rest = &[][..];
    let mut at = href.iter().position(|c| *c == ':').unwrap_or(href.len());
    while let Some(c) = href.get(at) {
        let from = at;
        at += 1;
        let c = if *c == '%' {
            at += 2;
            char::from(hex(href.get(at - 2)) << 4 | hex(href.get(at - 1)))
        } else {
            *c
        };
        match c {
            '+' => plus |= digits.is_empty(),
            _ if is_pause(c) => {
                rest = href.get(from..).unwrap_or_default();
                break;
            }
            _ => digits.push(c),
        }
    }
    (digits, plus, rest)
}

/// Extensions and pauses are dialled after the number.
fn is_pause(c: char) -> bool {
    matches!(c, ';' | ',' | 'p' | 'w')
}

/// What is dialled after the number, if `rest` of an address is that: `,123`, `;ext=12`, `p1w2#`.
/// Anything else was said of the number that is no more there (`;phone-context=`) or is a mistake.
fn extension(rest: &[char]) -> &[char] {
    match rest.get(1) {
        Some('0'..='9' | 'e' | ',') => rest,
        _ => &[],
    }
}

fn hex(c: Option<&char>) -> u8 {
    c.and_then(|c| c.to_digit(16)).unwrap_or_default() as u8
}

#[cfg(test)]
mod light_tests;
#[cfg(test)]
mod tests;
