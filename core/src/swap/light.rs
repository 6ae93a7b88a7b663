//! The swap of a plain place: what the module that every page loads first can do.
//!
//! What it is: [`super::rewrite`] in a fraction of its code, for elements that the owner selected,
//! where every number is of the site's own country and whole, and either only digits change or one
//! text node holds all of it. Words, hours and further numbers may stand beside it. What it is not:
//! searching for certain numbers, local numbers, those of other countries, area codes in brackets
//! that change their length, lone digits in them, masks over several tags, links to services and
//! extensions. There it does not guess: it says that the place is not plain, and the agent asks the
//! whole rules.
//!
//! Texts are read as one stream and copied; rows of digits are written over as they end.
//!
//! Invariant: it answers what [`super::rewrite`] answers or [`Odd`] (a property test holds it to
//! that).

use super::find::{Link, is_blank, is_letter, is_odd, link};
use super::{END, Joint, LINK_DIGITS_MIN, UNREAD_DIGITS, is_pause};
use crate::mask::area_digits;
use crate::phone::Row;
use crate::phone::plan::Plan;

/// The place is not plain: only the whole rules can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Odd;

/// One place on its way through. The fields are set first, then texts are given, then links.
pub struct Light<'a> {
    /// The number to show, all of its digits.
    pub number: Row,
    /// The same by the slot's mask; empty where the page's shape is kept.
    pub written: &'a [char],
    /// The whole number: its second group tells the length of the area code.
    pub full: &'a [char],
    country: Row,
    plan: Option<&'static Plan>,
    /// All texts so far, each with its [`END`], and how long they are.
    out: &'a mut [char],
    len: usize,
    /// The row of digits that may go on, and where it begins and ends.
    digits: Row,
    first: usize,
    end: usize,
    /// Where the last line or block begins.
    block: usize,
    is_changed: bool,
    has_links: bool,
    is_odd: bool,
}

impl<'a> Light<'a> {
    /// Writes into `out`; where that is too short the place is not plain.
    pub fn new(out: &'a mut [char]) -> Self {
        Self {
            number: Row::EMPTY,
            written: &[],
            full: &[],
            country: Row::EMPTY,
            plan: None,
            out,
            len: 0,
            digits: Row::EMPTY,
            first: 0,
            end: 0,
            block: 0,
            is_changed: false,
            has_links: false,
            is_odd: false,
        }
    }

    /// Sets the country code of the site.
    pub fn set_country(&mut self, country: Row) {
        self.country = country;
        self.plan = Plan::of(country);
    }

    /// Whether a text or link was given.
    pub fn has_begun(&self) -> bool {
        self.len > 0
    }

    /// Takes the next text node.
    pub fn add_text(&mut self, text: &[char], joint: Joint) {
        self.is_odd |= self.has_links;
        if joint == Joint::Hard {
            self.end_row();
            self.block = self.len;
        }
        for c in text {
            if c.is_ascii_digit() {
                if link(self.behind()) == Link::Break {
                    self.end_row();
                }
                if self.digits.is_empty() {
                    self.first = self.len;
                }
                self.digits.push(*c);
                self.end = self.len + 1;
            }
            self.put(*c);
        }
        self.put(END);
    }

    /// Takes the address of the next link.
    pub fn add_link(&mut self, href: &[char]) {
        self.end_row();
        self.has_links = true;
        let mut chars = href.iter();
        let mut digits = 0;
        // What stands before the colon is no number.
        if chars.any(|c| *c == ':') {
            for c in chars {
                // What follows these may belong to it.
                self.is_odd |= *c == '%' || is_pause(*c);
                digits += usize::from(c.is_ascii_digit());
            }
        }
        self.is_odd |= digits < LINK_DIGITS_MIN;
        for c in &['t', 'e', 'l', ':', '+'] {
            self.put(*c);
        }
        let mut at = 0;
        while let Some(digit) = self.number.digit(at) {
            self.put(digit);
            at += 1;
        }
        self.put(END);
    }

    /// As [`super::rewrite`]; how long the answer is.
    ///
    /// # Errors
    /// [`Odd`].
    pub fn answer(mut self) -> Result<Option<usize>, Odd> {
        self.end_row();
        if self.is_odd || self.plan.is_none() {
            return Err(Odd);
        }
        Ok((self.is_changed || self.has_links).then_some(self.len))
    }

    #[inline(never)]
    fn put(&mut self, c: char) {
        match self.out.get_mut(self.len) {
            Some(place) => *place = c,
            None => self.is_odd = true,
        }
        self.len += 1;
    }

    /// What stands behind the row of digits.
    fn behind(&self) -> &[char] {
        self.out.get(self.end..self.len).unwrap_or_default()
    }

    #[inline(never)]
    fn end_row(&mut self) {
        if self.swap_row().is_none() {
            self.is_odd = true;
        }
    }

    /// Writes the number over the row that has ended, if it is one; nothing if that is not plain.
    fn swap_row(&mut self) -> Option<()> {
        let digits = core::mem::take(&mut self.digits);
        // No number is so short, and no link is left alone for it.
        if digits.len() < LINK_DIGITS_MIN {
            return Some(());
        }
        // What stands beside a local number decides.
        if digits.len() <= UNREAD_DIGITS {
            return None;
        }
        let mut open = 0;
        let mut inside = 0;
        let mut is_separated = false;
        let mut has_lone = false;
        for c in self.out.get(self.first..self.end)? {
            match c {
                &END => continue,
                '(' => (open, inside) = (open + 1, 0),
                ')' => {
                    open -= 1;
                    has_lone |= inside == 1;
                }
                _ => {}
            }
            inside += usize::from(c.is_ascii_digit());
            is_separated |= !c.is_ascii_digit();
        }
        let mut start = self.first;
        let mut at = start;
        let mut plus = false;
        while at > 0 {
            at -= 1;
            match *self.out.get(at)? {
                '(' if open < 0 => (open, start) = (0, at),
                '+' => {
                    (plus, start) = (true, at);
                    break;
                }
                c if c == END || is_blank(c) => {}
                _ => break,
            }
        }
        let mut old = self.out.get(start..self.end)?.iter();
        // A lone digit in brackets, and what it becomes, may be the `(0)` of «+44 (0)20 …».
        if start < self.block || has_lone || self.is_touched(start)? {
            return None;
        }
        let national = self.national(digits, plus)?;
        let prefix = digits.len() - national.len();
        // An order or a tax number may look like this.
        if prefix == 0 && !is_separated {
            return None;
        }
        self.is_changed = true;
        if !self.written.is_empty() {
            if old.any(|c| *c == END) {
                return None;
            }
            let behind = self.end..self.len;
            let end = start + self.written.len();
            self.len = end + behind.len();
            // Too long for the room: not plain.
            self.out.get(self.len)?;
            self.out.copy_within(behind, end);
            self.out.get_mut(start..end)?.copy_from_slice(self.written);
            return Some(());
        }
        let new = self.number.after(self.country)?;
        let digits = digits.cut(prefix).0.joined(new);
        // Read back, as the other rules do it.
        if national.len() != new.len() || self.national(digits, plus) != Some(new) {
            return None;
        }
        let mut area = area_digits(self.full);
        let mut at = 0;
        for c in self.out.get_mut(start..self.end)? {
            if matches!(c, ')' | ']') && at > prefix {
                if area > 0 && at - prefix != area {
                    return None;
                }
                area = 0;
            }
            if c.is_ascii_digit() {
                *c = digits.digit(at)?;
                at += 1;
            }
        }
        Some(())
    }

    /// Whether a letter, or what may be a fraction, touches the number that begins at `start`;
    /// nothing if that cannot be told.
    fn is_touched(&self, start: usize) -> Option<bool> {
        let mut near = ' ';
        if start > self.block {
            near = *self.out.get(start - 1)?;
            if near == END {
                near = *self.out.get(start.wrapping_sub(2))?;
            }
        }
        let mut behind = self.behind().iter().copied();
        let mut next = behind.next().unwrap_or(' ');
        if next == END {
            next = behind.next().unwrap_or(' ');
        }
        let is_bad = |c| matches!(c, END | '-') || is_letter(c);
        let fraction = next == ',' && matches!(behind.next(), None | Some(END));
        Some(is_bad(near) || near == '/' || is_bad(next) || is_odd(next) || fraction)
    }

    /// The national digits of `digits`, in a form that needs no area code.
    #[inline(never)]
    fn national(&self, digits: Row, plus: bool) -> Option<Row> {
        let plan = self.plan?;
        let trunk = plan.trunk().unwrap_or(self.country);
        for prefix in &[trunk, self.country, Row::EMPTY] {
            let rest = digits.after(*prefix);
            let fits = rest.is_some_and(|rest| plan.fits(rest.len()));
            if fits && (!plus || *prefix == self.country) {
                return rest;
            }
        }
        None
    }
}
