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
//! The agent carries this module, so nothing here uses `core::fmt` or allocates without need.

mod shape;

pub use shape::in_shape_of;

use crate::limits;
use crate::phone::read::Form;
use crate::phone::{E164, Home, Parts};

/// A checked mask.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mask {
    text: String,
    style: Style,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Style {
    Places,
    Named,
    Sample,
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
        let style = if text.contains(['{', '}']) {
            check_named(text)?;
            Style::Named
        } else if text.contains(is_place) {
            check_places(text)?;
            Style::Places
        } else {
            check_sample(text)?;
            Style::Sample
        };
        Ok(Self {
            text: text.to_owned(),
            style,
        })
    }

    /// A mask that [`Mask::parse`] took before, as the edge hands it to browsers. Nothing is
    /// checked again: a text that is no mask writes numbers in international form.
    pub fn checked_before(text: &str) -> Option<Self> {
        let style = if has_byte(text, b'{') {
            Style::Named
        } else if text.chars().any(is_place) {
            Style::Places
        } else {
            Style::Sample
        };
        (!text.is_empty()).then(|| Self {
            text: text.into(),
            style,
        })
    }

    /// The two-level form of UIS: `mask` with `{phone}`, whose digits `template` groups.
    ///
    /// # Errors
    /// As [`Mask::parse`]; also if `template` is none.
    pub fn parse_two_level(mask: &str, template: &str) -> Result<Self, MaskError> {
        check_template(template)?;
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

    /// Writes `number` for a page at `home`. The trunk prefix (8 in Russia) and the national form
    /// are used for numbers of that country only: elsewhere they would lead to a stranger.
    pub fn format(&self, number: E164, home: Home<'_>) -> String {
        let parts = number.parts();
        let domestic = parts.country_code() == Some(home.country);
        let written = match self.style {
            Style::Places => format_places(&self.text, &parts, domestic),
            Style::Named => format_named(&self.text, &parts, domestic),
            Style::Sample => shape::by_sample(&self.text, number, home),
        };
        written.unwrap_or_else(|| international(number))
    }
}

/// `+7 495 000-00-99`: understood everywhere, and the form every other one falls back to.
pub fn international(number: E164) -> String {
    let parts = number.parts();
    let mut out = String::from("+");
    out.push_str(parts.country());
    out.push(' ');
    push_national(&mut out, &parts, "", " ");
    out
}

/// `8 (495) 000-00-99` where the country has a trunk prefix, else [`international`].
pub fn national(number: E164) -> String {
    let parts = number.parts();
    if parts.plan().trunk.is_empty() || !parts.is_regular() {
        return international(number);
    }
    let mut out = String::from(parts.plan().trunk);
    out.push_str(" (");
    push_national(&mut out, &parts, "", ") ");
    out
}

/// `tel:` form: always full, so that it can be dialled anywhere.
pub fn tel_href(number: E164) -> String {
    let mut out = String::from("tel:+");
    out.push_str(number.digits().as_str());
    out
}

fn push_national(out: &mut String, parts: &Parts, before: &str, between: &str) {
    out.push_str(before);
    if !parts.area().is_empty() {
        out.push_str(parts.area());
        out.push_str(between);
    }
    push_grouped(out, parts.subscriber());
}

/// Pairs from the right; an odd digit makes the first group three: `000-00-99`, `00-00-99`.
fn push_grouped(out: &mut String, digits: &str) {
    let first = if digits.len() % 2 == 1 { 3 } else { 2 };
    for (at, digit) in digits.chars().enumerate() {
        if at >= first && (at - first) % 2 == 0 {
            out.push('-');
        }
        out.push(digit);
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

fn check_template(template: &str) -> Result<(), MaskError> {
    let mut places = 0;
    for c in template.chars() {
        if is_place(c) {
            places += 1;
        } else if c == '+' || !is_mask_separator(c) {
            return Err(MaskError::Template);
        }
    }
    let ends_well = template.chars().next_back().is_some_and(is_place);
    if (5..=10).contains(&places) && template.chars().next().is_some_and(is_place) && ends_well {
        Ok(())
    } else {
        Err(MaskError::Template)
    }
}

/// One piece of a mask with named parts.
#[derive(Clone, Copy, PartialEq)]
enum Piece<'a> {
    Literal(&'a str),
    Country,
    Trunk,
    City,
    Phone(Option<&'a str>),
}

/// Cuts a mask with named parts into pieces, one at each call.
fn next_piece(text: &str) -> Result<Option<(Piece<'_>, &str)>, MaskError> {
    if text.is_empty() {
        return Ok(None);
    }
    let Some(inner) = text.strip_prefix('{') else {
        let end = text.bytes().position(|byte| byte == b'{');
        let (literal, rest) = text
            .split_at_checked(end.unwrap_or(text.len()))
            .unwrap_or_default();
        return Ok(Some((Piece::Literal(literal), rest)));
    };
    let end = inner
        .bytes()
        .position(|byte| byte == b'}')
        .ok_or(MaskError::Part)?;
    let name = inner.get(..end).unwrap_or_default();
    let rest = inner.get(end + 1..).unwrap_or_default();
    let piece = match name {
        "country" => Piece::Country,
        "trunk" => Piece::Trunk,
        "city" | "area" => Piece::City,
        "phone" => Piece::Phone(None),
        _ => Piece::Phone(Some(name.strip_prefix("phone:").ok_or(MaskError::Part)?)),
    };
    Ok(Some((piece, rest)))
}

fn check_named(text: &str) -> Result<(), MaskError> {
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
                template.map_or(Ok(()), check_template)?;
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
fn check_literal(literal: &str, after_part: bool) -> Result<(), MaskError> {
    for c in literal.chars() {
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

fn format_places(mask: &str, parts: &Parts, domestic: bool) -> Option<String> {
    let plus = has_byte(mask, b'+');
    let slots = mask.chars().filter(|c| is_place(*c) || c.is_ascii_digit());
    let fits = |prefix: &str| {
        let mut digits = prefix.chars().chain(parts.national().chars());
        let same = slots
            .clone()
            .all(|slot| digits.next().is_some_and(|d| is_place(slot) || slot == d));
        same && digits.next().is_none()
    };
    let trunk = parts.plan().trunk;
    let prefix = if plus {
        fits(parts.country()).then_some(parts.country())
    } else {
        let forms = [(trunk, domestic), (parts.country(), true), ("", domestic)];
        let legal = forms.into_iter().filter(|(_, legal)| *legal);
        legal.map(|(prefix, _)| prefix).find(|prefix| fits(prefix))
    }?;
    let mut digits = prefix.chars().chain(parts.national().chars());
    let mut out = String::with_capacity(mask.len() + 4);
    for c in mask.chars() {
        if is_place(c) || c.is_ascii_digit() {
            out.push(digits.next()?);
        } else {
            out.push(c);
        }
    }
    Some(out)
}

/// Whether `part` stands in `text`. The texts have a few bytes, so the searchers of the standard
/// library, which the agent would have to carry, gain nothing.
fn holds(text: &str, part: &str) -> bool {
    let mut windows = text.as_bytes().windows(part.len());
    windows.any(|window| window == part.as_bytes())
}

/// Whether the ASCII character `wanted` stands in `text`; see [`holds`].
fn has_byte(text: &str, wanted: u8) -> bool {
    text.bytes().any(|byte| byte == wanted)
}

fn format_named(mask: &str, parts: &Parts, domestic: bool) -> Option<String> {
    // A foreign number needs its country code: written out, or as a part.
    let mut has_country = holds(mask, "{country}");
    let has_city = holds(mask, "{city}") || holds(mask, "{area}");
    let mut out = String::with_capacity(mask.len() + 16);
    let mut rest = mask;
    while let Ok(Some((piece, after))) = next_piece(rest) {
        rest = after;
        match piece {
            Piece::Literal(literal) => {
                let digits: String = literal.chars().filter(char::is_ascii_digit).collect();
                let international = has_byte(literal, b'+');
                let next_is_country = after.starts_with("{country}");
                let right = if digits.is_empty() {
                    !international || next_is_country
                } else if international {
                    digits == parts.country() && !next_is_country
                } else {
                    let trunk = domestic && digits == parts.plan().trunk;
                    (trunk || digits == parts.country())
                        && !holds(mask, "{country}")
                        && !holds(mask, "{trunk}")
                };
                if !right {
                    return None;
                }
                has_country |= !digits.is_empty();
                out.push_str(literal);
            }
            Piece::Country => out.push_str(parts.country()),
            Piece::Trunk => out.push_str(parts.plan().trunk),
            Piece::City => out.push_str(parts.area()),
            Piece::Phone(template) => {
                let digits = if has_city {
                    parts.subscriber()
                } else {
                    parts.national()
                };
                match template {
                    Some(template) => push_filled(&mut out, template, digits, is_place),
                    None => push_grouped(&mut out, digits),
                }
            }
        }
    }
    (domestic || has_country).then_some(out)
}

/// Fills the places of `template` from the right. Surplus digits stay at the front; places that
/// get no digit go, with the separators that follow them.
fn push_filled(out: &mut String, template: &str, digits: &str, is_slot: fn(char) -> bool) {
    let slots = template.chars().filter(|c| is_slot(*c)).count();
    let mut empty = slots.saturating_sub(digits.len());
    let (front, rest) = digits.split_at(digits.len().saturating_sub(slots));
    let mut rest = rest.chars();
    let mut begun = false;
    let mut dropped = false;
    for c in template.chars() {
        if !is_slot(c) {
            if begun || !dropped {
                out.push(c);
            }
        } else if empty > 0 {
            empty -= 1;
            dropped = true;
        } else {
            if !begun {
                out.push_str(front);
                begun = true;
            }
            out.extend(rest.next());
        }
    }
    // No slot at all, yet digits: they are never lost.
    if !begun {
        out.push_str(front);
    }
}

/// The digits of `number` in `form`, the prefix apart; nothing where the form cannot be used.
fn in_form(number: E164, form: Form, home: Home<'_>) -> Option<(&'static str, bool)> {
    let parts = number.parts();
    let same_country = parts.country_code() == Some(home.country) && parts.is_regular();
    match form {
        Form::International | Form::InternationalBare => Some(("", true)),
        Form::Trunk if same_country => Some((parts.plan().trunk, false)),
        Form::National if same_country => Some(("", false)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
