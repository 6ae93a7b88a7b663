//! Reading one number as people write it: `8 (495) 123-45-67`, `+7 495 …`, `123-45-67`.
//!
//! What is here: the meaning of digits given the place they are written for. What is not here:
//! finding a number within a longer text (the agent), and lists ([`super::list`]).
//! Nothing here needs `core::fmt`, so the agent can afford it.

use super::E164;
use super::plan::CountryCode;

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

/// Reads `text` as one number: digits, separators and direction marks, at most one `+` before the
/// first digit, nothing else.
///
/// Returns nothing for anything else, for digits of no plausible length, and for local numbers
/// when [`Home::area`] is unknown.
pub fn read_written(text: &str, home: Home<'_>) -> Option<E164> {
    let (digits, plus) = written_digits(text)?;
    let (number, _) = read_digits(&digits, plus, home)?;
    Some(number)
}

/// The digits of `text` and whether a `+` stands before them; nothing if a character is neither
/// digit nor separator. The `(0)` of `+33 (0)2 …` is left out.
pub fn written_digits(text: &str) -> Option<(String, bool)> {
    let mut digits = String::new();
    let mut plus = false;
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if plus && !digits.is_empty() && rest.starts_with("(0)") {
            rest = rest.get(3..)?;
            continue;
        }
        match next {
            '0'..='9' => digits.push(next),
            '+' if digits.is_empty() && !plus => plus = true,
            _ if is_separator(next) => {}
            _ => return None,
        }
        if digits.len() > 20 {
            return None;
        }
        rest = rest.get(next.len_utf8()..)?;
    }
    (!digits.is_empty()).then_some((digits, plus))
}

/// What `digits` mean at `home`, and in which form they are written.
pub fn read_digits(digits: &str, plus: bool, home: Home<'_>) -> Option<(E164, Form)> {
    if plus {
        let number = E164::parse(digits).ok()?;
        return Some((number, Form::International));
    }
    let plan = home.country.plan();
    let national = |rest: &str, form| Some((home.country.with_national(rest)?, form));
    if let Some(rest) = after(digits, plan.trunk)
        && plan.is_known()
        && plan.fits(rest.len())
    {
        return national(rest, Form::Trunk);
    }
    let bare = E164::parse(digits).ok().filter(|n| n.parts().is_regular());
    if let Some(number) = bare
        && number.parts().country_code() == Some(home.country)
    {
        return Some((number, Form::InternationalBare));
    }
    if plan.is_known() && plan.fits(digits.len()) {
        return national(digits, Form::National);
    }
    // A number that begins with the trunk prefix is not a local one: "8 495 000" is a price.
    if let Some(area) = home.area
        && digits.len() >= 4
        && after(digits, plan.trunk).is_none()
        && plan.is_known()
        && plan.fits(area.len() + digits.len())
    {
        let mut whole = String::from(area);
        whole.push_str(digits);
        return national(&whole, Form::Local);
    }
    // 00 (most countries) and 810 (Russia) lead abroad.
    let abroad = digits
        .strip_prefix("00")
        .or_else(|| digits.strip_prefix("810"));
    let abroad = abroad
        .and_then(|rest| E164::parse(rest).ok())
        .filter(|n| n.parts().is_regular());
    if let Some(number) = abroad {
        return Some((number, Form::International));
    }
    // Digits of another country without `+` are believed only where length tells it from noise.
    bare.filter(|number| number.parts().plan().has_one_length())
        .map(|number| (number, Form::InternationalBare))
}

fn after<'a>(digits: &'a str, prefix: &str) -> Option<&'a str> {
    if prefix.is_empty() {
        return None;
    }
    digits.strip_prefix(prefix)
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
