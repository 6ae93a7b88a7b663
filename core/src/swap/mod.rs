//! Putting another number where one stands on a page: text runs and link addresses in, their new
//! texts out.
//!
//! What it is: the rules of a swap. [`find`] tells which stretches of text are numbers; this file
//! decides for one place of the page (an element the owner selected, a link, a line of text)
//! whether it is swapped, and writes the new number so that every run keeps its own share.
//! What it is not: the DOM. The agent's shell collects runs and writes them back; originals are
//! kept there, so restoring needs no rule.
//!
//! Invariants: all or nothing per place; characters outside the numbers found never change;
//! rewriting what was rewritten gives the same again; the number of runs and links stays.

use crate::mask::{Mask, in_shape_of, tel_href};
use crate::phone::read::read_digits;
use crate::phone::{E164, Home};

mod find;
mod share;

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
    pub text: &'a str,
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
    /// Without a mask the number takes the shape of what stood there.
    pub mask: Option<&'a Mask>,
    /// Where the page is at home.
    pub home: Home<'a>,
}

/// The new texts of one place, in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// One for each run; those without a number are unchanged.
    pub runs: Vec<String>,
    /// One for each link address.
    pub links: Vec<String>,
}

/// Rewrites one place of a page. `links` are the addresses of the `tel:` links that belong to it:
/// inside, around, or the element itself.
///
/// Returns nothing where the place is to be left alone.
pub fn rewrite(
    runs: &[Run<'_>],
    links: &[impl AsRef<str>],
    wanted: Wanted<'_>,
    shown: Shown<'_>,
) -> Option<Rewritten> {
    let joined = find::Joined::new(runs);
    let found = joined.numbers(wanted, shown.home);
    if found.is_empty() && !may_change_links_only(&joined, links, wanted, shown.home) {
        return None;
    }
    let mut swaps = Vec::new();
    for range in found {
        let old: String = joined.text.get(range.clone())?.iter().collect();
        let new = match shown.mask {
            Some(mask) => mask.format(shown.number, shown.home),
            None => in_shape_of(&old, shown.number, shown.home),
        };
        swaps.push(share::Swap::new(range, &old, &new));
    }
    let mut new = Rewritten {
        runs: share::texts(&joined, &mut swaps),
        links: Vec::new(),
    };
    for href in links {
        let href = href.as_ref();
        new.links.push(if is_short(href) {
            href.into()
        } else {
            tel_href(shown.number)
        });
    }
    Some(new)
}

/// The text holds no number to replace: are its links swapped nevertheless? A button («Call us»)
/// is; a link whose text names another number, or one we cannot read, is not.
fn may_change_links_only(
    joined: &find::Joined,
    links: &[impl AsRef<str>],
    wanted: Wanted<'_>,
    home: Home<'_>,
) -> bool {
    let is_wanted = |href: &str| match wanted {
        Wanted::Any => !is_short(href),
        Wanted::These(numbers) => read_link(href, home).is_some_and(|n| numbers.contains(&n)),
    };
    links.iter().any(|href| is_wanted(href.as_ref())) && joined.digits_at_most() < UNREAD_DIGITS
}

fn is_short(href: &str) -> bool {
    let digits = link_digits(href).0;
    !digits.is_empty() && digits.len() < LINK_DIGITS_MIN
}

/// The number a `tel:` address dials, however it is written: separators, percent-encoding, two
/// slashes, an extension after `;` or `,`.
pub fn read_link(href: &str, home: Home<'_>) -> Option<E164> {
    let (digits, plus) = link_digits(href);
    read_digits(&digits, plus, home).map(|(number, _)| number)
}

fn link_digits(href: &str) -> (String, bool) {
    let mut digits = String::new();
    let mut plus = false;
    let mut bytes = href.bytes().skip_while(|b| *b != b':');
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'%' => hex(bytes.next()) << 4 | hex(bytes.next()),
            other => other,
        };
        match byte {
            b'0'..=b'9' => digits.push(char::from(byte)),
            b'+' => plus |= digits.is_empty(),
            // Extensions and pauses are dialled after the number.
            b';' | b',' | b'p' | b'w' => break,
            _ => {}
        }
    }
    (digits, plus)
}

fn hex(byte: Option<u8>) -> u8 {
    match byte {
        Some(b @ b'0'..=b'9') => b - b'0',
        Some(b @ b'a'..=b'f') => b - b'a' + 10,
        Some(b @ b'A'..=b'F') => b - b'A' + 10,
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
