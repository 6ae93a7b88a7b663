//! Finding numbers in the text of a place, and cutting a new one to fit its runs.
//!
//! Text is read as groups of digits and what joins them. A number is a row of groups that reads as
//! one with the site's country ([`crate::phone::read`]) and ends where a reader would end it: the
//! rows of an account, a price, an order or a longer number are not numbers that begin alike.

use core::ops::Range;

use super::{Joint, Run, Wanted};
use crate::phone::read::{Form, is_separator, read_digits, written_digits};
use crate::phone::{E164, Home};

/// Groups of one number: fifteen digits, each in a tag of its own.
const GROUPS_MAX: usize = 15;
/// Visible separators between two groups: `) - (` at most.
const SEPARATORS_MAX: usize = 3;

/// All runs of one place as one text.
pub(super) struct Joined {
    pub(super) text: String,
    /// Where each run begins, and its joint.
    starts: Vec<(usize, Joint)>,
}

/// Digits without anything between.
struct Group {
    range: Range<usize>,
    before: Link,
}

/// What joins a group to the one before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    /// Something that no number contains.
    Break,
    /// Nothing but inline markup.
    Glued,
    /// White space, or markup and separators.
    Space,
    /// A dash, bracket or dot.
    Tight,
}

/// A row of groups that reads as a number.
struct Piece {
    first: usize,
    last: usize,
    range: Range<usize>,
}

impl Joined {
    pub(super) fn new(runs: &[Run<'_>]) -> Self {
        let mut joined = Self {
            text: String::new(),
            starts: Vec::with_capacity(runs.len()),
        };
        for run in runs {
            joined.starts.push((joined.text.len(), run.joint));
            joined.text.push_str(run.text);
        }
        joined
    }

    /// The most digits in one stretch that could be meant as one number.
    pub(super) fn digits_at_most(&self) -> usize {
        let mut most = 0;
        let mut row = 0;
        for group in self.groups() {
            if group.before == Link::Break {
                row = 0;
            }
            row += group.range.len();
            most = most.max(row);
        }
        most
    }

    /// Where the wanted numbers stand, in order and apart from each other.
    pub(super) fn numbers(&self, wanted: Wanted<'_>, home: Home<'_>) -> Vec<Range<usize>> {
        let groups = self.groups();
        let mut pieces = Vec::new();
        let mut others = Vec::new();
        let mut first = 0;
        while first < groups.len() {
            let mut next = first + 1;
            if let Some(piece) = self.piece_from(&groups, first, wanted, home) {
                next = piece.last + 1;
                pieces.push(piece);
            } else if let Some(other) = self.piece_from(&groups, first, Wanted::Any, home) {
                // Another company's number beside ours parts them.
                next = other.last + 1;
                others.push((other.first, other.last));
            }
            first = next;
        }
        self.drop_continued(&groups, &mut pieces, &others, wanted);
        if pieces.is_empty() && wanted == Wanted::Any {
            pieces.extend(self.only_local(&groups));
        }
        pieces.into_iter().map(|piece| piece.range).collect()
    }

    fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let mut begun = false;
        for (at, byte) in self.text.bytes().enumerate() {
            if !byte.is_ascii_digit() {
                begun = false;
                continue;
            }
            let end = at + 1;
            match groups.last_mut() {
                Some(group) if begun && !self.starts.iter().any(|start| start.0 == at) => {
                    group.range.end = end;
                }
                last => {
                    let before = last.map_or(Link::Break, |last| self.link(last.range.end, at));
                    groups.push(Group {
                        range: at..end,
                        before,
                    });
                }
            }
            begun = true;
        }
        groups
    }

    fn link(&self, from: usize, to: usize) -> Link {
        let between = self.text.get(from..to).unwrap_or_default();
        let mut inside = self
            .starts
            .iter()
            .filter(|start| from <= start.0 && start.0 <= to);
        if inside.any(|start| start.1 == Joint::Hard) {
            return Link::Break;
        }
        if between.is_empty() {
            return Link::Glued;
        }
        let mut visible = 0;
        let mut before = '-';
        for c in between.chars() {
            // «…00-01. 8 800…» and «…00-01 / 8 800…» are two numbers.
            let ends = (before == '.' && is_space(c)) || (c == '/' && is_space(before));
            if !is_separator(c) || ends {
                return Link::Break;
            }
            visible += usize::from(!is_blank(c));
            before = c;
        }
        if visible > SEPARATORS_MAX {
            Link::Break
        } else if visible == 0 {
            Link::Space
        } else {
            Link::Tight
        }
    }

    /// The longest number that begins with group `first`.
    fn piece_from(
        &self,
        groups: &[Group],
        first: usize,
        wanted: Wanted<'_>,
        home: Home<'_>,
    ) -> Option<Piece> {
        let mut end = first + 1;
        while end < groups.len() && end < first + GROUPS_MAX && groups[end].before != Link::Break {
            end += 1;
        }
        (first..end).rev().find_map(|last| {
            let range = self.range(groups, first, last);
            let text = self.text.get(range.clone())?;
            let (digits, plus) = written_digits(text)?;
            let (number, form) = read_digits(&digits, plus, home)?;
            let separated = (first..last).any(|at| groups[at + 1].before != Link::Glued);
            let alone = self.text.trim_matches(is_blank) == text;
            let is_wanted = match wanted {
                Wanted::These(numbers) => numbers.contains(&number),
                Wanted::Any => looks_whole(number, form, plus, home),
            };
            // Digits alone in their cell may be a tax number: only an owner's selection tells.
            let clear = separated || !is_short_form(form) || (alone && wanted == Wanted::Any);
            let piece = Piece { first, last, range };
            (is_wanted && clear && self.is_apart(&piece.range, wanted)).then_some(piece)
        })
    }

    /// From the opening bracket or `+` to the last digit.
    fn range(&self, groups: &[Group], first: usize, last: usize) -> Range<usize> {
        let end = groups[last].range.end;
        let mut start = groups[first].range.start;
        let floor = if first == 0 {
            0
        } else {
            groups[first - 1].range.end
        };
        let body = self.text.get(start..end).unwrap_or_default();
        let head = self.text.get(floor..start).unwrap_or_default();
        let closes = body.matches(')').count() > body.matches('(').count();
        let trimmed = head.trim_end_matches(is_blank);
        if let Some(before) = trimmed.strip_suffix('(').filter(|_| closes) {
            start = floor + before.len();
        }
        let head = self.text.get(floor..start).unwrap_or_default();
        if let Some(before) = head.trim_end_matches(is_blank).strip_suffix('+') {
            start = floor + before.len();
        }
        start..end
    }

    /// Whether what stands around `range` lets it be a number of its own.
    fn is_apart(&self, range: &Range<usize>, wanted: Wanted<'_>) -> bool {
        let before = self.text.get(..range.start).unwrap_or_default();
        let after = self.text.get(range.end..).unwrap_or_default();
        let text = self.text.get(range.clone()).unwrap_or_default();
        let mut back = before.chars().rev();
        let (near, next) = (back.next().unwrap_or(' '), back.next().unwrap_or(' '));
        // Digits next door belong to the row: `drop_continued` decides.
        let touches = |c: char| is_word(c) && !c.is_ascii_digit();
        let bound = touches(near) || (near == '-' && is_word(next));
        let mut forth = after.chars();
        let (close, beyond) = (forth.next().unwrap_or(' '), forth.next().unwrap_or(' '));
        let decimal = close == ',' && beyond.is_ascii_digit() && {
            let digits = after.bytes().skip(1).take_while(u8::is_ascii_digit);
            digits.count() <= 2
        };
        let goes_on = touches(close) || (close == '-' && touches(beyond));
        if bound || goes_on || decimal {
            return false;
        }
        // A mark of a number that is no telephone's; who selected the element knows better.
        let marked = text.contains(['+', '(']) || wanted == Wanted::Any;
        let sign = before
            .trim_end_matches(is_blank)
            .chars()
            .next_back()
            .unwrap_or(' ');
        marked || !(matches!(sign, '№' | '#' | '$' | '€' | '£') || is_priced(after))
    }

    /// Drops what goes on as a longer row of digits: an account, a card, a list we cannot part.
    fn drop_continued(
        &self,
        groups: &[Group],
        pieces: &mut Vec<Piece>,
        others: &[(usize, usize)],
        wanted: Wanted<'_>,
    ) {
        let mut count = usize::MAX;
        while count != pieces.len() {
            count = pieces.len();
            let mut ends: Vec<(usize, usize)> = pieces.iter().map(|p| (p.first, p.last)).collect();
            ends.extend_from_slice(others);
            pieces.retain(|piece| {
                let text = self.text.get(piece.range.clone()).unwrap_or_default();
                // Written so that a reader sees where it ends.
                let inner = (piece.first..piece.last)
                    .map(|at| groups[at + 1].before)
                    .last();
                let clear = wanted == Wanted::Any
                    || text.contains(['+', '('])
                    || inner == Some(Link::Tight);
                let free = |link: Link| link == Link::Break || (link == Link::Space && clear);
                let begins = free(groups[piece.first].before)
                    || ends.iter().any(|other| other.1 + 1 == piece.first);
                let stops = groups
                    .get(piece.last + 1)
                    .is_none_or(|next| free(next.before))
                    || ends.iter().any(|other| other.0 == piece.last + 1);
                begins && stops
            });
        }
    }

    /// The one short number of a selected element: `406 00 01`, when nothing else could be meant.
    fn only_local(&self, groups: &[Group]) -> Option<Piece> {
        let mut rows: Vec<(usize, usize)> = Vec::new();
        for (at, group) in groups.iter().enumerate() {
            match rows.last_mut() {
                Some(row) if group.before != Link::Break => row.1 = at,
                _ => rows.push((at, at)),
            }
        }
        let digits = |row: &(usize, usize)| -> usize {
            (row.0..=row.1).map(|at| groups[at].range.len()).sum()
        };
        rows.retain(|row| digits(row) >= super::LINK_DIGITS_MIN);
        let [(first, last)] = rows[..] else {
            return None;
        };
        let range = self.range(groups, first, last);
        let text = self.text.get(range.clone())?;
        let whole = self.text.trim_matches(is_blank) == text;
        let separated = text.contains(|c: char| !c.is_ascii_digit());
        let fits = digits(&(first, last)) <= super::UNREAD_DIGITS && !text.contains('+');
        let priced = is_priced(self.text.get(range.end..)?);
        let good = fits && (whole || separated) && !priced && self.is_apart(&range, Wanted::Any);
        good.then_some(Piece { first, last, range })
    }

    /// Puts `new` where `range` stood. A number that lies in several runs is shared out among them
    /// by its digits, so that every tag keeps its part.
    pub(super) fn replace(
        &self,
        runs: &mut [String],
        range: Range<usize>,
        new: &str,
    ) -> Option<()> {
        let old = self.text.get(range.clone())?;
        let same_count = count_digits(old) == count_digits(new);
        let mut seen = 0;
        let mut from = 0;
        let last_digit = range.end;
        for (index, run) in runs.iter_mut().enumerate() {
            let begin = self.starts.get(index)?.0;
            let finish = self
                .starts
                .get(index + 1)
                .map_or(self.text.len(), |next| next.0);
            let (start, end) = (range.start.max(begin), range.end.min(finish));
            if start >= end {
                continue;
            }
            let share = self.text.get(start..end)?;
            let digits = count_digits(share);
            if share.trim_matches(is_blank).is_empty() {
                continue;
            }
            seen += digits;
            let rest = new.get(from..)?;
            let to = if end == last_digit || (!same_count && digits > 0) {
                new.len()
            } else if same_count {
                cut(new, seen).max(from)
            } else {
                from
            };
            let part = if digits == 0 {
                ""
            } else {
                rest.get(..to - from)?
            };
            if digits > 0 {
                from = to;
            }
            run.replace_range(
                start - begin..end - begin,
                &keep_edges(share, part, start == range.start, end == range.end),
            );
        }
        Some(())
    }
}

/// White space at a run's edges stays where the page had it.
fn keep_edges(old: &str, new: &str, first: bool, last: bool) -> String {
    let head = old.len() - old.trim_start_matches(is_blank).len();
    let tail = old.trim_end_matches(is_blank).len();
    if first && last {
        return new.into();
    }
    let mut out = String::new();
    let core = new.trim_matches(is_blank);
    if !first {
        out.push_str(old.get(..head).unwrap_or_default());
    }
    out.push_str(core);
    if !last {
        out.push_str(old.get(tail..).unwrap_or_default());
    }
    out
}

/// Where the digit after the first `count` begins, with the bracket or `+` before it.
fn cut(text: &str, count: usize) -> usize {
    let digits = text
        .bytes()
        .enumerate()
        .filter(|(_, byte)| byte.is_ascii_digit());
    let at = digits.map(|(at, _)| at).nth(count).unwrap_or(text.len());
    text.get(..at)
        .map_or(at, |head| head.trim_end_matches(['(', '[', '+']).len())
}

fn count_digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// Whether an owner's element that holds `number` holds a telephone number.
fn looks_whole(number: E164, form: Form, plus: bool, home: Home<'_>) -> bool {
    let parts = number.parts();
    if parts.plan().is_known() {
        let here = parts.country_code() == Some(home.country);
        return parts.is_regular() && form != Form::Local && (plus || here);
    }
    plus && number.digits().as_str().len() > UNKNOWN_DIGITS_MIN
}

/// Shortest number of a country whose plan we do not have.
const UNKNOWN_DIGITS_MIN: usize = 7;

/// Without prefix: only separators tell such digits from an order or a tax number.
fn is_short_form(form: Form) -> bool {
    matches!(form, Form::National | Form::Local)
}

fn is_priced(after: &str) -> bool {
    let after = after.trim_start_matches(is_blank);
    ["руб", "р.", "₽", "$", "€", "£", "₴", "₸"]
        .iter()
        .any(|sign| after.starts_with(sign))
}

/// Letters and digits of the scripts that part words by spaces. Ideographs stand close to numbers.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | '%' | '=' | '\u{c0}'..='\u{1fff}')
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{a0}')
}

/// White space of any width, and marks that are not seen.
fn is_blank(c: char) -> bool {
    is_separator(c) && !matches!(c, '!'..='~' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}
