//! Percent-encoding in UTF-8 and in Windows-1251, and the URL-safe base 64 of openstat.

use std::borrow::Cow;

/// The upper half of Windows-1251 up to `А`; from 0xC0 on it is the alphabet in order.
const CP1251: [char; 64] = [
    'Ђ', 'Ѓ', '‚', 'ѓ', '„', '…', '†', '‡', '€', '‰', 'Љ', '‹', 'Њ', 'Ќ', 'Ћ', 'Џ', 'ђ', '‘', '’',
    '“', '”', '•', '–', '—', '\u{98}', '™', 'љ', '›', 'њ', 'ќ', 'ћ', 'џ', '\u{a0}', 'Ў', 'ў', 'Ј',
    '¤', 'Ґ', '¦', '§', 'Ё', '©', 'Є', '«', '¬', '\u{ad}', '®', 'Ї', '°', '±', 'І', 'і', 'ґ', 'µ',
    '¶', '·', 'ё', '№', 'є', '»', 'ј', 'Ѕ', 'ѕ', 'ї',
];

/// Reads bytes as Windows-1251: every byte means something, so this never fails.
pub fn decode_cp1251(bytes: &[u8]) -> String {
    let decode = |byte: u8| match byte {
        0..0x80 => char::from(byte),
        0x80..0xc0 => CP1251[usize::from(byte - 0x80)],
        // А to я.
        0xc0.. => char::from_u32(0x410 + u32::from(byte - 0xc0)).unwrap_or('\u{fffd}'),
    };
    bytes.iter().copied().map(decode).collect()
}

/// Decodes one part of a query: `%xx` in UTF-8, else in Windows-1251, and `+` as space. A `%`
/// that begins no escape stands for itself; control characters are left out.
pub fn decode_component(text: &str) -> Cow<'_, str> {
    if !text
        .bytes()
        .any(|b| b == b'%' || b == b'+' || b < b' ' || b == 0x7f)
    {
        return Cow::Borrowed(text);
    }
    let raw = text.as_bytes();
    let mut bytes = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(byte) = raw.get(at) {
        let escape = (*byte == b'%')
            .then(|| Some((hex(*raw.get(at + 1)?)? << 4) | hex(*raw.get(at + 2)?)?))
            .flatten();
        match (escape, byte) {
            (Some(value), _) => {
                bytes.push(value);
                at += 2;
            }
            (None, b'+') => bytes.push(b' '),
            (None, other) => bytes.push(*other),
        }
        at += 1;
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => decode_cp1251(error.as_bytes()),
    };
    if text.contains(char::is_control) {
        return Cow::Owned(text.chars().filter(|c| !c.is_control()).collect());
    }
    Cow::Owned(text)
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

/// Decodes base 64 in either alphabet, with or without padding; nothing if it is none.
pub(super) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let mut bits = 0u32;
    let mut count = 0;
    for byte in text.trim_end_matches(['=', '*', '.']).bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' | b'+' | b' ' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(out)
}
