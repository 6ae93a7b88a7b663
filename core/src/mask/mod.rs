//! Writing a number for people: by a mask, or in the shape of what stood there.
//!
//! One grammar for the styles of the field:
//!
//! | style | example | from |
//! |---|---|---|
//! | placeholders `X` or `#` | `8 (XXX) XXX-XX-XX`, `+# (###) ###-##-##` | Roistat, sipuni |
//! | named parts | `+{country} ({city}) {phone}`, `{phone:##-##-##}` | UIS |
//! | sample number | `+7 (495) 777-01-95` | Zadarma |
//! | the page's own shape | see [`in_shape_of`] | CallRail, Invoca |
//!
//! Invariant: whatever is written holds exactly the digits of the national number in order, after
//! the country code, the trunk prefix or nothing. A mask that cannot hold a number's digits (a
//! literal `+7` and a number of another country, ten places for nine digits) is not bent: the
//! number is then written in [`international`] form. Masks contain only characters of an
//! allow-list, none of which means anything to HTML.
//!
//! The edge writes by masks; the agent is told the result, and carries [`in_shape_of`] everywhere.
//! Both work on plain characters: text and its searchers would weigh more than the rules.

mod shape;

pub(crate) use shape::area_digits;
pub use shape::in_shape_of;

use crate::limits;
use crate::phone::read::{Codes, Form};
use crate::phone::{CountryCode, E164, Row, Split};

/// A checked mask.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mask {
    text: String,
}

/// Why a text is no mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskError {
    /// Nothing, or only spaces.
    Empty,
    /// Longer than [`limits::MASK_CHARS`].
    TooLong,
    /// A character outside the allow-list.
    Character(char),
    /// Both `X` and `#`, or places next to named parts.
    Mixed,
    /// A `{…}` that is none of country, trunk, city and phone, or is not closed.
    Part,
    /// The same part twice, or parts out of the order country, city, phone.
    PartOrder,
    /// Named parts without `{phone}`.
    NoPhone,
    /// A template after `{phone:` that holds other than 5 to 10 places and separators.
    Template,
    /// Too few digit places to hold a number (fewer than 5), or too many (more than 15).
    Places,
    /// A digit or `+` after the first place that is not known to be part of every number.
    Digit,
}

impl Mask {
    /// Reads a mask of any style.
    ///
    /// # Errors
    /// Says the first thing that is wrong with `text`.
    pub fn parse(text: &str) -> Result<Self, MaskError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(MaskError::Empty);
        }
        if text.chars().count() > limits::MASK_CHARS {
            return Err(MaskError::TooLong);
        }
        let units: Vec<char> = text.chars().collect();
        if text.contains(['{', '}']) {
            check_named(&units)?;
        } else if text.contains(is_place) {
            check_places(text)?;
        } else {
            check_sample(text)?;
        }
        Ok(Self {
            text: text.to_owned(),
        })
    }

    /// The two-level form of UIS: `mask` with `{phone}`, whose digits `template` groups.
    ///
    /// # Errors
    /// As [`Mask::parse`]; also if `template` is none.
    pub fn parse_two_level(mask: &str, template: &str) -> Result<Self, MaskError> {
        let units: Vec<char> = template.chars().collect();
        check_template(&units)?;
        let Some((before, after)) = mask.split_once("{phone}") else {
            return Err(MaskError::NoPhone);
        };
        let mut whole = String::from(before);
        whole.push_str("{phone:");
        whole.push_str(template);
        whole.push('}');
        whole.push_str(after);
        Self::parse(&whole)
    }

    /// The mask as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Writes `number` for a site of the country `home`. The trunk prefix (8 in Russia) and the
    /// national form are used for numbers of that country only: elsewhere they would lead to a
    /// stranger.
    pub fn format(&self, number: E164, home: CountryCode) -> String {
        let mut out = Vec::new();
        let mask: Vec<char> = self.text.chars().collect();
        let split = number.split();
        let domestic = split.country == home;
        let fits = if mask.contains(&'{') {
            write_named(&mut out, &mask, split, domestic)
        } else if mask.iter().any(|c| is_place(*c)) {
            write_places(&mut out, &mask, split, domestic)
        } else {
            let area = Row::EMPTY;
            let country = home;
            shape::write_like(
                &mut out,
                &mask,
                number,
                split.area().0.len(),
                Codes { country, area },
            )
        };
        if !fits {
            out.clear();
            push_international(&mut out, split);
        }
        out.into_iter().collect()
    }
}

/// The whole number, for a site of the country `home`: `8 (495) 000-00-99` in its own country, else
/// `+375 29 111-22-33`. Its second group of digits is the area code.
pub fn full(number: E164, home: CountryCode) -> String {
    let mut out = Vec::new();
    let split = number.split();
    if split.country == home {
        push_national(&mut out, split);
    } else {
        push_international(&mut out, split);
    }
    out.into_iter().collect()
}

/// `+7 495 000-00-99`: understood everywhere, and the form every other one falls back to.
fn push_international(out: &mut Vec<char>, split: Split) {
    put(out, '+');
    push_row(out, split.country.row());
    put(out, ' ');
    let (area, subscriber) = split.area();
    if !area.is_empty() {
        push_row(out, area);
        put(out, ' ');
    }
    push_grouped(out, subscriber);
}

/// `8 (495) 000-00-99` where the country has a trunk prefix, else as [`push_international`].
fn push_national(out: &mut Vec<char>, split: Split) {
    let Some(trunk) = split.plan().trunk().filter(|_| split.is_regular()) else {
        return push_international(out, split);
    };
    let (area, subscriber) = split.area();
    push_row(out, trunk);
    put_all(out, &[' ', '(']);
    push_row(out, area);
    put_all(out, &[')', ' ']);
    push_grouped(out, subscriber);
}

/// `tel:` form: always full, so that it can be dialled anywhere.
pub fn tel_href(number: E164) -> Vec<char> {
    let mut out = Vec::new();
    push_tel(&mut out, number.row());
    out
}

/// [`tel_href`] of a number's digits, added to `out`.
pub(crate) fn push_tel(out: &mut Vec<char>, number: Row) {
    put_all(out, &['t', 'e', 'l', ':', '+']);
    push_row(out, number);
}

/// Adds a character. Everything the agent writes goes through here: one copy of what a growing
/// list costs.
#[inline(never)]
pub(crate) fn put(out: &mut Vec<char>, c: char) {
    out.push(c);
}

/// Adds characters.
pub fn put_all(out: &mut Vec<char>, text: &[char]) {
    for c in text {
        put(out, *c);
    }
}

fn push_row(out: &mut Vec<char>, digits: Row) {
    let mut at = 0;
    while let Some(digit) = digits.digit(at) {
        put(out, digit);
        at += 1;
    }
}

/// Pairs from the right; an odd digit makes the first group three: `000-00-99`, `00-00-99`.
fn push_grouped(out: &mut Vec<char>, digits: Row) {
    let mut at = 0;
    while let Some(digit) = digits.digit(at) {
        let left = digits.len() - at;
        if at > 1 && left.is_multiple_of(2) {
            put(out, '-');
        }
        put(out, digit);
        at += 1;
    }
}

/// `X`, its Cyrillic twin and their small letters, and `#`.
fn is_place(c: char) -> bool {
    is_letter_place(c) || c == '#'
}

fn is_letter_place(c: char) -> bool {
    matches!(c, 'X' | 'x' | 'Х' | 'х')
}

/// What may stand around the digits: nothing that HTML, a URL or a script could take for its own.
fn is_mask_separator(c: char) -> bool {
    matches!(
        c,
        ' ' | '+'
            | '-'
            | '('
            | ')'
            | '['
            | ']'
            | '.'
            | '/'
            | '\u{a0}'
            | '\u{2007}'
            | '\u{2009}'
            | '\u{200a}'
            | '\u{202f}'
            | '\u{2010}'..='\u{2014}' | '\u{2212}'
    )
}

fn check_places(text: &str) -> Result<(), MaskError> {
    let mut places = 0;
    let mut letters = false;
    let mut hashes = false;
    for c in text.chars() {
        letters |= is_letter_place(c);
        hashes |= c == '#';
        let digit = is_place(c) || c.is_ascii_digit();
        if !digit && !is_mask_separator(c) {
            return Err(MaskError::Character(c));
        }
        if c == '+' && places > 0 {
            return Err(MaskError::Digit);
        }
        places += usize::from(digit);
    }
    if letters && hashes {
        return Err(MaskError::Mixed);
    }
    if !(5..=17).contains(&places) {
        return Err(MaskError::Places);
    }
    // Literal digits are the country code, the trunk prefix or an area code: they come first.
    let from_first = text.trim_start_matches(|c| !is_place(c));
    if from_first.contains(|c: char| c.is_ascii_digit()) {
        return Err(MaskError::Digit);
    }
    Ok(())
}

fn check_sample(text: &str) -> Result<(), MaskError> {
    let mut digits = 0;
    for c in text.chars() {
        if !c.is_ascii_digit() && !is_mask_separator(c) {
            return Err(MaskError::Character(c));
        }
        if c == '+' && digits > 0 {
            return Err(MaskError::Digit);
        }
        digits += usize::from(c.is_ascii_digit());
    }
    if (5..=15).contains(&digits) {
        Ok(())
    } else {
        Err(MaskError::Places)
    }
}

fn check_template(template: &[char]) -> Result<(), MaskError> {
    let mut places = 0;
    for c in template {
        if is_place(*c) {
            places += 1;
        } else if *c == '+' || !is_mask_separator(*c) {
            return Err(MaskError::Template);
        }
    }
    let has = |end: Option<&char>| end.is_some_and(|c| is_place(*c));
    if (5..=10).contains(&places) && has(template.first()) && has(template.last()) {
        Ok(())
    } else {
        Err(MaskError::Template)
    }
}

/// One piece of a mask with named parts.
#[derive(Clone, Copy, PartialEq)]
enum Piece<'a> {
    Literal(&'a [char]),
    Country,
    Trunk,
    City,
    Phone(&'a [char]),
}

/// Cuts a mask with named parts into pieces, one at each call.
fn next_piece(text: &[char]) -> Result<Option<(Piece<'_>, &[char])>, MaskError> {
    let Some((first, inner)) = text.split_first() else {
        return Ok(None);
    };
    let up_to = |text: &[char], end| text.iter().position(|c| *c == end);
    if *first != '{' {
        let end = up_to(text, '{').unwrap_or(text.len());
        let (literal, rest) = text.split_at_checked(end).unwrap_or_default();
        return Ok(Some((Piece::Literal(literal), rest)));
    }
    let end = up_to(inner, '}').ok_or(MaskError::Part)?;
    let name = inner.get(..end).unwrap_or_default();
    let rest = inner.get(end + 1..).unwrap_or_default();
    let piece = match name {
        ['c', 'o', 'u', 'n', 't', 'r', 'y'] => Piece::Country,
        ['t', 'r', 'u', 'n', 'k'] => Piece::Trunk,
        ['c', 'i', 't', 'y'] | ['a', 'r', 'e', 'a'] => Piece::City,
        ['p', 'h', 'o', 'n', 'e'] => Piece::Phone(&[]),
        ['p', 'h', 'o', 'n', 'e', ':', template @ ..] if !template.is_empty() => {
            Piece::Phone(template)
        }
        _ => return Err(MaskError::Part),
    };
    Ok(Some((piece, rest)))
}

fn check_named(text: &[char]) -> Result<(), MaskError> {
    let mut rest = text;
    let mut stage = 0;
    while let Some((piece, after)) = next_piece(rest)? {
        rest = after;
        let next = match piece {
            Piece::Literal(literal) => {
                check_literal(literal, stage > 0)?;
                continue;
            }
            Piece::Country | Piece::Trunk => 1,
            Piece::City => 2,
            Piece::Phone(template) => {
                if !template.is_empty() {
                    check_template(template)?;
                }
                3
            }
        };
        if next <= stage {
            return Err(MaskError::PartOrder);
        }
        stage = next;
    }
    if stage == 3 {
        Ok(())
    } else {
        Err(MaskError::NoPhone)
    }
}

/// Words are allowed around named parts; digits only before the first part.
fn check_literal(literal: &[char], after_part: bool) -> Result<(), MaskError> {
    for c in literal.iter().copied() {
        let word = c.is_alphabetic() || matches!(c, ',' | ':' | '№' | '#' | '•' | '|' | '*');
        if c.is_ascii_digit() || c == '+' {
            if after_part {
                return Err(MaskError::Digit);
            }
        } else if !word && !is_mask_separator(c) {
            return Err(MaskError::Character(c));
        }
    }
    Ok(())
}

fn write_places(out: &mut Vec<char>, mask: &[char], split: Split, domestic: bool) -> bool {
    let is_slot = |c: char| is_place(c) || c.is_ascii_digit();
    let country = Some(split.country.row());
    let trunk = split.plan().trunk();
    let forms = if mask.contains(&'+') {
        [country, None, None]
    } else if domestic {
        [trunk, country, Some(Row::EMPTY)]
    } else {
        [None, country, None]
    };
    for prefix in forms.into_iter().flatten() {
        let digits = prefix.joined(split.national);
        let mut at = 0;
        let mut fits = true;
        out.clear();
        for c in mask {
            if is_slot(*c) {
                let digit = digits.digit(at).unwrap_or(' ');
                fits &= digit == *c || (is_place(*c) && digit != ' ');
                put(out, digit);
                at += 1;
            } else {
                put(out, *c);
            }
        }
        if fits && at == digits.len() {
            return true;
        }
    }
    false
}

fn write_named(out: &mut Vec<char>, mask: &[char], split: Split, domestic: bool) -> bool {
    let mut has_country = false;
    let mut has_trunk = false;
    let mut has_city = false;
    let mut rest = mask;
    while let Ok(Some((piece, after))) = next_piece(rest) {
        rest = after;
        has_country |= piece == Piece::Country;
        has_trunk |= piece == Piece::Trunk;
        has_city |= piece == Piece::City;
    }
    let country = split.country.row();
    let (area, subscriber) = split.area();
    // A foreign number needs its country code: written out, or as a part.
    let mut is_dialled = domestic || has_country;
    rest = mask;
    while let Ok(Some((piece, after))) = next_piece(rest) {
        rest = after;
        match piece {
            Piece::Literal(literal) => {
                let digits = Row::read(literal.iter().copied());
                let international = literal.contains(&'+');
                let next_is_country = matches!(next_piece(after), Ok(Some((Piece::Country, _))));
                let right = if digits.is_empty() {
                    !international || next_is_country
                } else if international {
                    digits == country && !next_is_country
                } else {
                    let trunk = domestic && split.plan().trunk() == Some(digits);
                    (trunk || digits == country) && !has_country && !has_trunk
                };
                if !right {
                    return false;
                }
                is_dialled |= !digits.is_empty();
                put_all(out, literal);
            }
            Piece::Country => push_row(out, country),
            Piece::Trunk => push_row(out, split.plan().trunk().unwrap_or_default()),
            Piece::City => push_row(out, area),
            Piece::Phone(template) => {
                let digits = if has_city { subscriber } else { split.national };
                if template.is_empty() {
                    push_grouped(out, digits);
                } else {
                    push_filled(out, template, digits, is_place);
                }
            }
        }
    }
    is_dialled
}

/// Fills the places of `template` from the right. Surplus digits stay at the front; places that
/// get no digit go, with the separators that follow them.
fn push_filled(out: &mut Vec<char>, template: &[char], digits: Row, is_slot: fn(char) -> bool) {
    let mut slots = 0;
    for c in template {
        slots += usize::from(is_slot(*c));
    }
    let mut empty = slots.saturating_sub(digits.len());
    let (front, rest) = digits.cut(digits.len().saturating_sub(slots));
    let mut at = 0;
    let mut begun = false;
    let mut dropped = false;
    for c in template.iter().copied() {
        if !is_slot(c) {
            if begun || !dropped {
                put(out, c);
            }
        } else if empty > 0 {
            empty -= 1;
            dropped = true;
        } else {
            if !begun {
                push_row(out, front);
                begun = true;
            }
            if let Some(digit) = rest.digit(at) {
                put(out, digit);
            }
            at += 1;
        }
    }
    // No slot at all, yet digits: they are never lost.
    if !begun {
        push_row(out, front);
    }
}

/// What stands before the national digits of a number written in `form`; nothing where the form
/// cannot be used.
fn prefix_of(split: Split, form: Form, home: Codes) -> Option<Row> {
    let same_country = split.country == home.country && split.is_regular();
    match form {
        Form::International | Form::InternationalBare => Some(split.country.row()),
        Form::Trunk if same_country => split.plan().trunk(),
        Form::National if same_country => Some(Row::EMPTY),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
