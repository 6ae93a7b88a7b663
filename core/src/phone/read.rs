//! Reading one number as people write it: `8 (495) 123-45-67`, `+7 495 …`, `123-45-67`.
//!
//! What is here: the meaning of digits given the place they are written for. What is not here:
//! finding a number within a longer text (the agent), and lists ([`super::list`]).
//! Nothing here needs `core::fmt`, so the agent can afford it.

use super::plan::CountryCode;
use super::{E164, Row};

/// Where a number is written: decides what is meant by digits without `+`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Home<'a> {
    /// The site's country.
    pub country: CountryCode,
    /// The site's area code: without it seven digits are no number.
    pub area: Option<&'a str>,
}

impl Home<'_> {
    /// Russia, no area code.
    pub const RUSSIA: Self = Self {
        country: CountryCode::RUSSIA,
        area: None,
    };
}

/// How a number is written, apart from its separators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `+7 495 …`
    International,
    /// `7 495 …`
    InternationalBare,
    /// `8 495 …`, `0 20 …`
    Trunk,
    /// `495 …`
    National,
    /// `123-45-67`: within the home area.
    Local,
}

/// A [`Home`] as digits: what the agent carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Codes {
    /// The site's country.
    pub country: CountryCode,
    /// The site's area code; no digits without one.
    pub area: Row,
}

impl Home<'_> {
    /// The codes of this place.
    pub fn codes(self) -> Codes {
        Codes {
            country: self.country,
            area: Row::read(self.area.unwrap_or_default().chars()),
        }
    }
}

/// Reads `text` as one number: digits, separators and direction marks, at most one `+` before the
/// first digit, nothing else.
///
/// Returns nothing for anything else, for digits of no plausible length, and for local numbers
/// when [`Home::area`] is unknown.
pub fn read_written(text: &str, home: Home<'_>) -> Option<E164> {
    let text: Vec<char> = text.chars().collect();
    read_chars(&text, home.codes())
}

/// [`read_written`] for text in characters.
pub fn read_chars(text: &[char], home: Codes) -> Option<E164> {
    let (digits, plus) = written_digits(text)?;
    let (number, _) = read_digits(digits, plus, home)?;
    Some(number)
}

/// The digits of `text` and whether a `+` stands before them; nothing if a character is neither
/// digit nor separator. The `(0)` of `+33 (0)2 …` and `0033 (0)2 …` is left out.
pub fn written_digits(text: &[char]) -> Option<(Row, bool)> {
    let mut digits = Row::EMPTY;
    let mut plus = false;
    let mut at = 0;
    while let Some(next) = text.get(at) {
        at += 1;
        match next {
            '0'..='9' => digits.push(*next),
            // Behind what leads abroad and a country code.
            '(' if (plus || digits.after(Row::new(0, 2)).is_some())
                && !digits.is_empty()
                && is_zero(text, at) =>
            {
                at += 2
            }
            '+' if digits.is_empty() && !plus => plus = true,
            _ if is_separator(*next) => {}
            _ => return None,
        }
    }
    (!digits.is_empty() && digits.len() <= 20).then_some((digits, plus))
}

/// Whether `0)` stands at `at`.
pub(crate) fn is_zero(text: &[char], at: usize) -> bool {
    text.get(at) == Some(&'0') && text.get(at + 1) == Some(&')')
}

/// What `digits` mean at `home`, and in which form they are written.
pub fn read_digits(digits: Row, plus: bool, home: Codes) -> Option<(E164, Form)> {
    if digits.len() > Row::MAX as usize {
        return None;
    }
    let bare = E164::from_row(digits);
    if plus {
        return Some((bare?, Form::International));
    }
    let plan = home.country.plan();
    let fits = |row: Row| plan.is_known() && plan.fits(row.len());
    let national = |rest: Row, form| Some((home.country.with_national(rest)?, form));
    let after_trunk = plan.trunk().and_then(|trunk| digits.after(trunk));
    if let Some(rest) = after_trunk.filter(|rest| fits(*rest)) {
        return national(rest, Form::Trunk);
    }
    let bare = bare.filter(|number| number.split().is_regular());
    if let Some(number) = bare
        && number.split().country == home.country
    {
        return Some((number, Form::InternationalBare));
    }
    if fits(digits) {
        return national(digits, Form::National);
    }
    // A number that begins with the trunk prefix is not a local one: "8 495 000" is a price.
    let whole = home.area.joined(digits);
    if !home.area.is_empty() && digits.len() >= 4 && after_trunk.is_none() && fits(whole) {
        return national(whole, Form::Local);
    }
    // 00 (most countries) and 810 (Russia) lead abroad.
    let abroad = digits
        .after(Row::new(0, 2))
        .or_else(|| digits.after(Row::new(810, 3)))
        .and_then(E164::from_row)
        .filter(|number| number.split().is_regular());
    if let Some(number) = abroad {
        return Some((number, Form::International));
    }
    // Digits of another country without `+` are believed only where length tells it from noise.
    bare.filter(|number| number.split().plan().has_one_length())
        .map(|number| (number, Form::InternationalBare))
}

/// Characters that stand between the digits of one number: spaces of every width, dashes, dots,
/// slashes, brackets, and invisible marks of direction.
pub fn is_separator(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\n' | '\r' | '-' | '.' | '/' | '(' | ')' | '[' | ']'
            | '\u{a0}' | '\u{ad}' | '\u{2000}'..='\u{2015}' | '\u{202a}'..='\u{202f}'
            | '\u{205f}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{2212}' | '\u{3000}'
            | '\u{feff}'
    )
}
