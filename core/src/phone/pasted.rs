//! What stands around numbers where people keep them: in tables, letters, price lists.
//!
//! What is here: separators, quotes, bullets, digits of other widths, and how several numbers are
//! written as one. What is not: the numbers ([`super::read`]) and the list ([`super::list`]).
//! The sources are the writings themselves: cells of spreadsheets, lines of CSV, signatures of
//! letters. The agent has none of this.

/// Whether `c` ends a piece whatever stands around it: it belongs to no number.
pub(super) fn is_hard(c: char) -> bool {
    matches!(
        c,
        ',' | ';'
            | '\t'
            | '|'
            | '\r'
            | '\u{b}'
            | '\u{c}'
            | '\u{85}'
            | '\u{2028}'
            | '\u{2029}'
            | '，'
            | '、'
            | '；'
            | '،'
    )
}

/// Marks that are not seen: of direction, of width zero.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
    )
}

fn is_quote(c: char) -> bool {
    matches!(
        c,
        '"' | '\'' | '`' | '«' | '»' | '“' | '”' | '„' | '‘' | '’' | '[' | ']'
    )
}

/// Hyphen, dashes and the minus.
pub(super) fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '－')
}

/// `+` in either width.
pub(super) fn is_plus(c: char) -> bool {
    matches!(c, '+' | '＋')
}

/// `c` as a number is written in ASCII, where it means the same: digits of the full width, Arabic
/// and Persian ones, signs of the full width, middle dots and underscores between digits.
pub(super) fn plain(c: char) -> char {
    let digit = |zero: u32| char::from_digit(u32::from(c) - zero, 10).unwrap_or(c);
    match c {
        '０'..='９' => digit(0xff10),
        '\u{660}'..='\u{669}' => digit(0x660),
        '\u{6f0}'..='\u{6f9}' => digit(0x6f0),
        '＋' => '+',
        '（' => '(',
        '）' => ')',
        '－' | '·' | '∙' | '•' | '_' => '-',
        '．' => '.',
        '／' => '/',
        c => c,
    }
}

/// `piece` without what stands around a number and says nothing of its own. At the beginning of a
/// line that is a bullet or an ordinal too.
pub(super) fn bare(piece: &str, begins_line: bool) -> &str {
    let around = |c: char| c.is_whitespace() || is_invisible(c) || is_quote(c);
    let mut rest = piece.trim_matches(around);
    if begins_line {
        rest = without_mark(rest).trim_start_matches(around);
    }
    without_name(rest).trim_matches(around)
}

/// `text` without the bullet or the ordinal that a space stands behind: `• …`, `- …`, `3) …`.
fn without_mark(text: &str) -> &str {
    let Some((mark, rest)) = text.split_once(char::is_whitespace) else {
        return text;
    };
    let ordinal = mark.strip_suffix(['.', ')']).is_some_and(|digits| {
        (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    });
    let bullet = mark.chars().all(|c| is_dash(c) || "•·*▪●◦‣".contains(c));
    if ordinal || bullet { rest } else { text }
}

/// `text` without the word for a telephone that it begins with: `тел.: …`, `tel:…`.
fn without_name(text: &str) -> &str {
    const NAMES: [&str; 10] = [
        "тел",
        "телефон",
        "т",
        "моб",
        "мобильный",
        "номер",
        "tel",
        "telephone",
        "phone",
        "mob",
    ];
    let end = text
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let known = NAMES.contains(&name.to_lowercase().as_str());
    let rest = rest.trim_start_matches(['.', ':', ' ', '\u{a0}']);
    if known && !rest.is_empty() {
        rest
    } else {
        text
    }
}

/// Whether `text` is the extension behind a number: `(доб. 12)`, `ext 12`, `#12`, `x12`.
pub(super) fn is_extension(text: &str) -> bool {
    const NAMES: [&str; 10] = [
        "доб",
        "добавочный",
        "вн",
        "внутр",
        "внутренний",
        "ext",
        "extn",
        "extension",
        "x",
        "#",
    ];
    let text = text
        .trim_matches(|c: char| matches!(c, '(' | ')' | ' '))
        .to_lowercase();
    let end = text
        .find(|c: char| !c.is_alphabetic() && c != '#')
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let rest = rest.trim_matches(|c: char| matches!(c, '.' | ':' | ' ' | '\u{a0}'));
    NAMES.contains(&name) && !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit())
}

/// The parts of `text` between slashes, if each of them is a number.
pub(super) fn parts_at_slashes(text: &str, is_number: impl Fn(&str) -> bool) -> Option<Vec<&str>> {
    let parts: Vec<&str> = text.split(['/', '／', '\\']).map(str::trim).collect();
    (parts.len() > 1 && parts.iter().all(|part| is_number(part))).then_some(parts)
}

/// Two numbers in the longest writing there is, and what stands between them.
const TWO_NUMBERS_BYTES: usize = 120;

/// Whether `text` is a number and, behind a dash, a slash or dots, another one or its ending:
/// `8 495 000-00-01 – 8 495 000-00-09`, `… 00-01/02`. What is meant is not guessed.
pub(super) fn holds_several(text: &str, is_number: impl Fn(&str) -> bool) -> bool {
    let between = |c: char| is_dash(c) || matches!(c, '/' | '／' | '\\' | '…' | '.' | '~');
    let of_number = |c: char| {
        plain(c).is_ascii_digit() || super::read::is_separator(plain(c)) || is_plus(c) || between(c)
    };
    if text.len() > TWO_NUMBERS_BYTES {
        return false;
    }
    text.char_indices()
        .filter(|(_, c)| between(*c))
        .any(|(at, _)| {
            let (first, rest) = (text[..at].trim(), &text[at..]);
            let goes_on =
                rest.chars().all(of_number) && rest.chars().any(|c| plain(c).is_ascii_digit());
            goes_on && is_number(first)
        })
}
