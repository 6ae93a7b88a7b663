//! Telephone numbers as exchanges write them.
//!
//! Never fails: what is no subscriber's number (withheld, an extension, a SIP user's name) is no
//! number. What owners paste into configuration is read elsewhere, with faults.

use crate::phone::E164;

/// How numbers are written in the country of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberPlan {
    /// Country code: `7`.
    country_code: u16,
}

/// Fewer digits than this are an extension or a service, not a subscriber of the world's network.
const SUBSCRIBER_DIGITS_MIN: usize = 7;

/// Numbers that stand for words in Twilio's language: the letters of ANONYMOUS, RESTRICTED,
/// UNAVAILABLE, BLOCKED and UNKNOWN on a telephone's keys (Twilio, "How to identify anonymous
/// calls").
const KEYPAD_WORDS: [&str; 5] = [
    "266696687",
    "7378742833",
    "86282452253",
    "2562533",
    "8656696",
];

impl NumberPlan {
    /// The plan of the country with this code. Russia and Kazakhstan (7) dial `8` before a
    /// national number, others are taken to dial `0` or nothing.
    pub const fn new(country_code: u16) -> Self {
        Self { country_code }
    }

    /// Reads a number out of `text`: `79…`, `+7 (9…`, `89…`, `810…`, `00…`, a national number of
    /// ten digits (codes 7 and 1), `sip:+79…@host;user=phone`, `"Name" <tel:+79…>`.
    pub fn read(self, text: &str) -> Option<E164> {
        let user = user_part(text);
        let plus = user.trim_start().starts_with('+');
        let mut digits = String::with_capacity(16);
        for character in user.chars() {
            match character {
                '0'..='9' => digits.push(character),
                '+' | ' ' | '\u{a0}' | '(' | ')' | '-' | '.' | '/' => {}
                _ => return None,
            }
            if digits.len() > 20 {
                return None;
            }
        }
        if digits.len() < SUBSCRIBER_DIGITS_MIN || KEYPAD_WORDS.contains(&digits.as_str()) {
            return None;
        }
        if !plus {
            digits = self.to_international(digits);
        }
        E164::parse(&digits).ok()
    }

    fn to_international(self, digits: String) -> String {
        let code = self.country_code;
        if code == 7 {
            if let Some(rest) = digits.strip_prefix("810")
                && rest.len() > SUBSCRIBER_DIGITS_MIN + 1
            {
                return rest.to_owned();
            }
            if digits.len() == 11 && digits.starts_with('8') {
                return format!("7{}", &digits[1..]);
            }
        }
        if let Some(rest) = digits.strip_prefix("00") {
            return rest.to_owned();
        }
        if let Some(rest) = digits.strip_prefix('0') {
            return format!("{code}{rest}");
        }
        if digits.len() == 10 && (code == 7 || code == 1) {
            return format!("{code}{digits}");
        }
        digits
    }
}

/// The user part of a SIP or tel address, with or without display name and parameters; any other
/// text as it is.
fn user_part(text: &str) -> &str {
    let inner = match (text.find('<'), text.rfind('>')) {
        (Some(open), Some(close)) if open < close => &text[open + 1..close],
        _ => text,
    };
    let inner = inner.trim();
    let mut rest = inner;
    for scheme in ["sips:", "sip:", "tel:"] {
        if let Some(head) = inner.get(..scheme.len())
            && head.eq_ignore_ascii_case(scheme)
        {
            rest = &inner[scheme.len()..];
            break;
        }
    }
    let end = rest.find(['@', ';', '?']).unwrap_or(rest.len());
    rest[..end].trim()
}

/// The first number that a `Diversion` (RFC 5806) or `History-Info` (RFC 7044) header names: the
/// one dialled first, before any forwarding. The former lists the newest diversion first, the
/// latter the oldest entry first.
pub fn first_dialed(plan: NumberPlan, diversion: &str, history_info: &str) -> Option<E164> {
    let oldest = split_entries(history_info).find_map(|entry| plan.read(entry));
    oldest.or_else(|| {
        split_entries(diversion)
            .filter_map(|entry| plan.read(entry))
            .last()
    })
}

/// Entries of a comma-separated header; commas within quotes and angle brackets do not separate.
fn split_entries(header: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut depth = 0u32;
    header.split(move |character| {
        match character {
            '"' => quoted = !quoted,
            '<' if !quoted => depth += 1,
            '>' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && !quoted && depth == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let read = NumberPlan::new(7).read(text);
        let shown = read.map_or_else(|| "none".to_owned(), |number| number.to_string());
        assert_eq!(shown, expected, "{text:?}");
    }

    #[test]
    fn forms_of_one_number() {
        for text in [
            "79001112233",
            "+79001112233",
            "89001112233",
            "9001112233",
            " +7 (900) 111-22-33 ",
            "8 900 111 22 33",
            "sip:79001112233@pbx.example.com",
            "sip:+79001112233@10.0.0.1:5060;user=phone",
            "SIPS:89001112233@host",
            "\"Shop, the\" <sip:+79001112233@host>;tag=1",
            "<tel:+7-900-111-22-33>",
            "tel:+79001112233;phone-context=x",
            "79001112233@sip.example.com",
        ] {
            check(text, "79001112233");
        }
        check("81049301234567", "49301234567");
        check("0049301234567", "49301234567");
        check("+14158675309", "14158675309");
        check("88005553535", "78005553535");
    }

    #[test]
    fn what_is_no_number() {
        for text in [
            "",
            "anonymous",
            "Anonymous <sip:anonymous@anonymous.invalid>",
            "private",
            "unknown",
            "0",
            "101",
            "112",
            "+266696687",
            "+7378742833",
            "sip:office@example.com",
            "8900111223344556677889900",
            "<>",
            ">79001112233<",
            "7900111223O",
            "\u{0}",
        ] {
            check(text, "none");
        }
    }

    #[test]
    fn other_countries() {
        let read = |code, text| NumberPlan::new(code).read(text).map(|n| n.to_string());
        assert_eq!(read(49, "030 1234567").as_deref(), Some("49301234567"));
        assert_eq!(read(1, "(415) 867-5309").as_deref(), Some("14158675309"));
        assert_eq!(read(44, "00442071234567").as_deref(), Some("442071234567"));
    }

    #[test]
    fn forwarded_calls() {
        let plan = NumberPlan::new(7);
        let first =
            |diversion, history| first_dialed(plan, diversion, history).map(|n| n.to_string());
        let diversion = "<sip:74951110000@b>;reason=unconditional, \"A, B\" <sip:74952220000@a>";
        assert_eq!(first(diversion, "").as_deref(), Some("74952220000"));
        let history =
            "<sip:74953330000@a?Reason=SIP%3Bcause%3D302>;index=1, <sip:74951110000@b>;index=1.1";
        assert_eq!(first("", history).as_deref(), Some("74953330000"));
        assert_eq!(first(diversion, history).as_deref(), Some("74953330000"));
        assert_eq!(first("", ""), None);
        assert_eq!(first("<sip:anonymous@x>", "garbage"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_not(text in "\\PC*", code in 1u16..999) {
            let plan = NumberPlan::new(code);
            let _ = plan.read(&text);
            let _ = first_dialed(plan, &text, &text);
        }

        #[test]
        fn international_form_stays(digits in "[1-9][0-9]{6,14}") {
            prop_assume!(!KEYPAD_WORDS.contains(&digits.as_str()));
            let read = NumberPlan::new(7).read(&format!("+{digits}"));
            prop_assert_eq!(read.map(|n| n.to_string()), Some(digits));
        }
    }
}
