//! Writing a number in the shape of another: every separator, dash, bracket and invisible mark
//! stays where it is, only digits change.
//!
//! A bracketed area code stays bracketed when the new one has another length. Where the shape
//! cannot hold the number (a local number of another area, a trunk form of another country) the
//! whole national or international number is written instead: showing digits that lead to a
//! stranger is the one thing that must not happen. So the result is read back before it is used.

use super::{in_form, international, national, push_filled};
use crate::phone::E164;
use crate::phone::read::{Form, Home, read_digits, read_written, written_digits};

/// `number` as it would have been written where `shape` stood, on a page at `home`.
///
/// `shape` is the text of one number as on the page. Anything may be given; what is no number is
/// answered with the full number.
pub fn in_shape_of(shape: &str, number: E164, home: Home<'_>) -> String {
    let Some((old, form)) = read_form(shape, home) else {
        return full(number, home);
    };
    let written = match form {
        Form::Local => local(shape, number, home),
        _ => rewrite(shape, old, form, number, home),
    };
    written
        .filter(|text| read_written(text, home) == Some(number))
        .unwrap_or_else(|| full(number, home))
}

/// A sample number of a mask: as [`in_shape_of`], but nothing where the sample cannot hold it.
pub(super) fn by_sample(sample: &str, number: E164, home: Home<'_>) -> Option<String> {
    let home = Home { area: None, ..home };
    let (old, form) = read_form(sample, home)?;
    rewrite(sample, old, form, number, home).filter(|text| read_written(text, home) == Some(number))
}

fn read_form(shape: &str, home: Home<'_>) -> Option<(E164, Form)> {
    let (digits, plus) = written_digits(shape)?;
    read_digits(&digits, plus, home)
}

/// The whole number where the shape cannot be kept.
fn full(number: E164, home: Home<'_>) -> String {
    if number.parts().country_code() == Some(home.country) {
        national(number)
    } else {
        international(number)
    }
}

/// A number of the home area without its area code.
fn local(shape: &str, number: E164, home: Home<'_>) -> Option<String> {
    let area = home.area?;
    let parts = number.parts();
    if parts.country_code() != Some(home.country) {
        return None;
    }
    let subscriber = parts.national().strip_prefix(area)?;
    let mut out = String::with_capacity(shape.len());
    push_filled(&mut out, shape, subscriber, |c| c.is_ascii_digit());
    Some(out)
}

/// Byte offsets in a shape: where the prefix (country code or trunk) ends and where the area code
/// in brackets begins and ends.
struct Zones {
    prefix_end: usize,
    area: Option<(usize, usize)>,
}

fn rewrite(shape: &str, old: E164, form: Form, number: E164, home: Home<'_>) -> Option<String> {
    let (trunk, with_country) = in_form(number, form, home)?;
    let (old_parts, parts) = (old.parts(), number.parts());
    let old_prefix = match form {
        Form::International | Form::InternationalBare => old_parts.country(),
        Form::Trunk => old_parts.plan().trunk,
        Form::National | Form::Local => "",
    };
    let prefix = if with_country { parts.country() } else { trunk };
    let zones = zones(shape, old_prefix.len(), form)?;
    let (head, body) = shape.split_at_checked(zones.prefix_end)?;
    let mut out = String::with_capacity(shape.len() + 4);
    if prefix == old_prefix {
        out.push_str(head);
    } else {
        push_prefix(&mut out, head, old_prefix.len(), prefix);
    }
    let Some((from, to)) = zones.area else {
        push_filled(&mut out, body, parts.national(), |c| c.is_ascii_digit());
        return Some(out);
    };
    let before = shape.get(zones.prefix_end..from)?;
    out.push_str(before);
    push_filled(&mut out, shape.get(from..to)?, parts.area(), |c| {
        c.is_ascii_digit()
    });
    push_filled(&mut out, shape.get(to..)?, parts.subscriber(), |c| {
        c.is_ascii_digit()
    });
    Some(out)
}

/// The head of a shape with its first `slots` digits replaced by `prefix` as a whole.
fn push_prefix(out: &mut String, head: &str, slots: usize, prefix: &str) {
    let mut seen = 0;
    for c in head.chars() {
        if c.is_ascii_digit() && seen < slots {
            if seen == 0 {
                out.push_str(prefix);
            }
            seen += 1;
        } else {
            out.push(c);
        }
    }
}

fn zones(shape: &str, prefix_digits: usize, form: Form) -> Option<Zones> {
    let mut prefix_end = 0;
    let mut digits = 0;
    for (at, c) in shape.char_indices() {
        if c.is_ascii_digit() {
            digits += 1;
            if digits == prefix_digits {
                prefix_end = at + 1;
            }
        }
    }
    if digits < prefix_digits {
        return None;
    }
    // The (0) of "+44 (0)20 …" is not dialled from abroad: it stays as it stands.
    let rest = shape.get(prefix_end..)?;
    if matches!(form, Form::International)
        && let Some(at) = rest
            .as_bytes()
            .windows(3)
            .position(|window| window == b"(0)")
        && !rest.get(..at)?.bytes().any(|byte| byte.is_ascii_digit())
    {
        prefix_end += at + 3;
    }
    let rest = shape.get(prefix_end..)?;
    let close = rest.bytes().position(|byte| matches!(byte, b')' | b']'));
    let first = rest.bytes().position(|byte| byte.is_ascii_digit());
    let area = match (first, close) {
        (Some(first), Some(close)) if first < close && opens(shape, prefix_end + first) => {
            Some((prefix_end + first, prefix_end + close))
        }
        _ => None,
    };
    Some(Zones { prefix_end, area })
}

/// Whether a bracket is open at `at`.
fn opens(shape: &str, at: usize) -> bool {
    let before = shape.get(..at).unwrap_or_default();
    let opened = before.bytes().rposition(|byte| matches!(byte, b'(' | b'['));
    opened > before.bytes().rposition(|byte| matches!(byte, b')' | b']'))
}
