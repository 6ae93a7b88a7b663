//! Finding numbers in the text of a place, and sharing a new one out among its runs.
//!
//! Text is read as groups of digits and what joins them. A number is a row of groups that reads as
//! one with the site's country ([`crate::phone::read`]) and ends where a reader would end it: the
//! rows of an account, a price, an order or a longer number are not numbers that begin alike.
//!
//! The agent carries this file to every page, so it works on plain arrays of characters: the
//! searchers of `str` would weigh more than the rules.

use core::ops::Range;

use super::{END, Joint, Run, Wanted};
use crate::mask::put_all;
use crate::phone::read::{Form, is_separator, read_digits, written_digits};
use crate::phone::{Codes, E164};

/// Groups of one number: fifteen digits, each in a tag of its own.
const GROUPS_MAX: usize = 15;
/// Visible separators between two groups: `) - (` at most.
const SEPARATORS_MAX: usize = 3;
/// Shortest number of a country whose plan we do not have.
const UNKNOWN_DIGITS_MIN: usize = 7;
/// All runs of one place as one text.
pub(super) struct Joined {
    pub(super) text: Vec<char>,
    /// Where each run begins, and its joint.
    pub(super) starts: Vec<(usize, Joint)>,
    groups: Vec<Group>,
}

/// Digits without anything between.
struct Group {
    range: Range<usize>,
    before: Link,
}

/// What joins a group to the one before it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// Something that no number contains.
    Break,
    /// Nothing but inline markup.
    Glued,
    /// White space, or markup and separators.
    Space,
    /// A dash, bracket or dot.
    Tight,
}

/// A row of groups that reads as a number: first and last group, and where it stands.
pub(super) struct Piece {
    first: usize,
    last: usize,
    pub(super) range: Range<usize>,
    /// To be replaced; others only tell where these end.
    pub(super) is_wanted: bool,
    /// Goes on as a longer row of digits, so it is no number.
    is_dropped: bool,
}

impl Joined {
    pub(super) fn new(runs: &[Run<'_>]) -> Self {
        let mut joined = Self {
            text: Vec::new(),
            starts: Vec::new(),
            groups: Vec::new(),
        };
        for run in runs {
            joined.starts.push((joined.text.len(), run.joint));
            put_all(&mut joined.text, run.text);
        }
        joined.find_groups();
        joined
    }

    /// The most digits in one stretch that could be meant as one number.
    pub(super) fn digits_at_most(&self) -> usize {
        let mut most = 0;
        let mut row = 0;
        for group in &self.groups {
            row = if group.before == Link::Break { 0 } else { row } + group.range.len();
            most = most.max(row);
        }
        most
    }

    /// Where numbers stand, in order and apart from each other; those wanted are marked.
    pub(super) fn numbers(&self, wanted: Wanted<'_>, home: Codes) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut first = 0;
        while first < self.groups.len() {
            let mut piece = self.read_from(first, usize::MAX, wanted, home);
            // «10.12.2024 8 (495) …»: the date and the code are no number before the number.
            if let Some(read) = &piece
                && let Some(at) = self.begins_within(read, wanted, home, true)
            {
                piece = self.read_from(first, at, wanted, home);
            }
            first = piece.as_ref().map_or(first, |piece| piece.last) + 1;
            if let Some(piece) = piece {
                pieces.push(piece);
            }
        }
        let any = self.drop_continued(&mut pieces, wanted == Wanted::Any);
        if !any
            && wanted == Wanted::Any
            && let Some(piece) = self.only_local()
        {
            pieces.push(piece);
        }
        pieces
    }

    /// The longest number that begins with group `first` and ends before group `end`.
    fn read_from(
        &self,
        first: usize,
        end: usize,
        wanted: Wanted<'_>,
        home: Codes,
    ) -> Option<Piece> {
        let piece = self.piece_from(first, end, wanted, home);
        if piece.is_some() || wanted == Wanted::Any {
            return piece;
        }
        // Another company's number beside ours parts them.
        let mut piece = self.piece_from(first, end, Wanted::Any, home)?;
        piece.is_wanted = false;
        Some(piece)
    }

    /// Where within `read` a number begins that a reader sees before it: one with `+` or brackets,
    /// or one that is looked for, and goes on behind it; `is_first` if that may be such a `read`
    /// itself, which is no number then: «711198 (0)11 8 (495) …».
    fn begins_within(
        &self,
        read: &Piece,
        wanted: Wanted<'_>,
        home: Codes,
        is_first: bool,
    ) -> Option<usize> {
        (read.first + 1..=read.last).find(|at| {
            let piece = self.piece_from(*at, usize::MAX, wanted, home);
            piece.is_some_and(|piece| {
                piece.last > read.last
                    && (wanted != Wanted::Any || self.is_headed(&piece.range))
                    && !(is_first && self.begins_within(&piece, wanted, home, false).is_some())
            })
        })
    }

    fn find_groups(&mut self) {
        let mut run = 0;
        let mut goes_on = false;
        for at in 0..self.text.len() {
            while self.starts.get(run).is_some_and(|start| start.0 <= at) {
                run += 1;
                goes_on = false;
            }
            let is_digit = self.at(at).is_ascii_digit();
            if is_digit && goes_on {
                if let Some(group) = self.groups.last_mut() {
                    group.range.end = at + 1;
                }
            } else if is_digit {
                let end = self.groups.last().map(|last| last.range.end);
                let before = end.map_or(Link::Break, |end| self.link(end, at));
                let range = at..at + 1;
                self.groups.push(Group { range, before });
            }
            goes_on = is_digit;
        }
    }

    /// The character at `at`; a space beyond the ends.
    fn at(&self, at: usize) -> char {
        self.text.get(at).copied().unwrap_or(' ')
    }

    fn slice(&self, range: &Range<usize>) -> &[char] {
        self.text.get(range.clone()).unwrap_or_default()
    }

    fn link(&self, from: usize, to: usize) -> Link {
        for start in &self.starts {
            if start.1 == Joint::Hard && from <= start.0 && start.0 <= to {
                return Link::Break;
            }
        }
        link(self.slice(&(from..to)))
    }

    /// What joins group `at` to the one before it; beyond the ends nothing does.
    fn before(&self, at: usize) -> Link {
        self.groups
            .get(at)
            .map_or(Link::Break, |group| group.before)
    }

    fn piece_from(
        &self,
        first: usize,
        end: usize,
        wanted: Wanted<'_>,
        home: Codes,
    ) -> Option<Piece> {
        let mut last = first;
        while last + 1 < end.min(first + GROUPS_MAX) && self.before(last + 1) != Link::Break {
            last += 1;
        }
        loop {
            let range = self.range(first, last)?;
            if self.is_number(first, last, &range, wanted, home) {
                return Some(Piece {
                    first,
                    last,
                    range,
                    is_wanted: true,
                    is_dropped: false,
                });
            }
            if last == first {
                return None;
            }
            last -= 1;
        }
    }

    fn is_number(
        &self,
        first: usize,
        last: usize,
        range: &Range<usize>,
        wanted: Wanted<'_>,
        home: Codes,
    ) -> bool {
        let Some((digits, plus)) = written_digits(self.slice(range)) else {
            return false;
        };
        let Some((number, form)) = read_digits(digits, plus, home) else {
            return false;
        };
        let is_wanted = match wanted {
            Wanted::These(numbers) => numbers.contains(&number),
            Wanted::Any => looks_whole(number, form, plus, home),
        };
        // Without prefix only separators tell such digits from an order or a tax number. Digits
        // alone in their cell may be one as well: only an owner's selection tells.
        let short = matches!(form, Form::National | Form::Local);
        let clear = !short
            || self.is_separated(first, last)
            || (wanted == Wanted::Any && self.is_alone(range));
        is_wanted && clear && self.is_apart(range, wanted == Wanted::Any)
    }

    fn is_separated(&self, first: usize, last: usize) -> bool {
        let mut at = last;
        while at > first && self.before(at) == Link::Glued {
            at -= 1;
        }
        at > first
    }

    /// Whether nothing is seen but the number.
    fn is_alone(&self, range: &Range<usize>) -> bool {
        let mut around = 0..self.text.len();
        trim(&self.text, &mut around);
        around == *range
    }

    /// From the opening bracket or `+` to the last digit.
    fn range(&self, first: usize, last: usize) -> Option<Range<usize>> {
        let mut start = self.groups.get(first)?.range.start;
        let end = self.groups.get(last)?.range.end;
        let floor = first
            .checked_sub(1)
            .and_then(|at| self.groups.get(at))
            .map_or(0, |before| before.range.end);
        let mut open = 0;
        for c in self.slice(&(start..end)) {
            open += match c {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
        }
        let mut at = start;
        while at > floor {
            at -= 1;
            match self.at(at) {
                '(' if open < 0 => (open, start) = (0, at),
                '+' => return Some(at..end),
                c if is_blank(c) => {}
                _ => break,
            }
        }
        Some(start..end)
    }

    /// Whether what stands around `range` lets it be a number of its own.
    fn is_apart(&self, range: &Range<usize>, is_selected: bool) -> bool {
        let (start, end) = (range.start, range.end);
        let before = |back: usize| start.checked_sub(back).map_or(' ', |at| self.at(at));
        let (mut near, mut far) = (before(1), before(2));
        let (mut next, mut beyond) = (self.at(end), self.at(end + 1));
        // Nothing touches over the border of a block.
        for (at, joint) in &self.starts {
            if *joint == Joint::Hard && *at == start {
                (near, far) = (' ', ' ');
            }
            if *joint == Joint::Hard && *at == end {
                (next, beyond) = (' ', ' ');
            }
        }
        // «8 495 000,00»: at most two digits after a comma are a fraction, if no number begins so.
        let behind = self.groups.iter().position(|g| g.range.start == end + 1);
        let fraction = next == ','
            && behind
                .is_some_and(|at| self.digits(at, at) < 3 && self.before(at + 1) == Link::Break);
        let touched = is_letter(near)
            || is_letter(next)
            || (matches!(near, '-' | '/') && is_letter(far))
            || (next == '-' && is_letter(beyond))
            || (is_odd(next) && matches!(beyond, '0'..='9' | '+' | '('));
        if touched || fraction {
            return false;
        }
        // A mark of a number that is no telephone's; who selected the element knows better.
        if is_selected || self.is_marked(range) {
            return true;
        }
        let mut at = start;
        while at > 0 && is_blank(self.at(at - 1)) {
            at -= 1;
        }
        let sign = at.checked_sub(1).map_or(' ', |at| self.at(at));
        // The name of a file or a site.
        let is_named = matches!((next, beyond), ('.', 'a'..='z'));
        let is_signed = matches!(sign, '№' | '#' | '$' | '€' | '£');
        !(is_signed || is_named || self.is_priced(end))
    }

    fn is_marked(&self, range: &Range<usize>) -> bool {
        self.slice(range).iter().any(|c| matches!(c, '+' | '('))
    }

    /// Marked where it begins: `+`, or brackets before its second digit. Those further in may be
    /// another's.
    fn is_headed(&self, range: &Range<usize>) -> bool {
        let mut digits = 0;
        for c in self.slice(range) {
            if matches!(c, '+' | '(') {
                return digits < 2;
            }
            digits += usize::from(c.is_ascii_digit());
        }
        false
    }

    fn is_priced(&self, end: usize) -> bool {
        let mut at = end;
        while at < self.text.len() && is_blank(self.at(at)) {
            at += 1;
        }
        match self.at(at) {
            '₽' | '$' | '€' | '£' | '₴' | '₸' => true,
            'р' | 'Р' => matches!(self.at(at + 1), '.' | 'у'),
            _ => false,
        }
    }

    /// Drops what goes on as a longer row of digits: an account, a card, a list we cannot part.
    /// Tells whether any is left.
    fn drop_continued(&self, pieces: &mut [Piece], is_selected: bool) -> bool {
        let mut at = 0;
        let mut any = false;
        while let Some(piece) = pieces.get(at) {
            // Written so that a reader sees where it ends.
            let clear = self.is_marked(&piece.range)
                || (piece.last > piece.first && self.before(piece.last) == Link::Tight);
            // Or selected by the owner, but for the end of a long row.
            let lax = is_selected && self.digits_before(piece.first) < super::UNREAD_DIGITS;
            let free = |link: Link| link == Link::Break || (link == Link::Space && (clear || lax));
            let beside = |at: usize| pieces.get(at).filter(|piece| !piece.is_dropped);
            let follows = at.checked_sub(1).and_then(beside);
            let begins = free(self.before(piece.first))
                || follows.is_some_and(|before| before.last + 1 == piece.first);
            let stops = free(self.before(piece.last + 1))
                || beside(at + 1).is_some_and(|next| piece.last + 1 == next.first);
            if piece.is_dropped || (begins && stops) {
                any |= !piece.is_dropped;
                at += 1;
            } else if let Some(piece) = pieces.get_mut(at) {
                piece.is_dropped = true;
                piece.is_wanted = false;
                // The neighbours have lost theirs.
                any = false;
                at = 0;
            }
        }
        any
    }

    /// The one short number of a selected element: `406 00 01`, when nothing else could be meant.
    fn only_local(&self) -> Option<Piece> {
        let mut row: Option<(usize, usize)> = None;
        let mut first = 0;
        while first < self.groups.len() {
            let mut last = first;
            while self.before(last + 1) != Link::Break {
                last += 1;
            }
            let digits = self.digits(first, last);
            if digits >= super::LINK_DIGITS_MIN {
                if row.is_some() || digits > super::UNREAD_DIGITS {
                    return None;
                }
                row = Some((first, last));
            }
            first = last + 1;
        }
        let (first, last) = row?;
        let range = self.range(first, last)?;
        let clear = self.is_separated(first, last) || self.is_alone(&range);
        let plus = self.at(range.start) == '+';
        let good = clear && !plus && !self.is_priced(range.end) && self.is_apart(&range, true);
        good.then_some(Piece {
            first,
            last,
            range,
            is_wanted: true,
            is_dropped: false,
        })
    }

    /// Digits of the groups that group `first` goes on from.
    fn digits_before(&self, first: usize) -> usize {
        let mut at = first;
        while self.before(at) != Link::Break {
            at -= 1;
        }
        self.digits(at, first) - self.digits(first, first)
    }

    /// Whether the digits before `piece`, if no words part them, may be the code it belongs to.
    pub(super) fn is_led(&self, piece: &Piece) -> bool {
        let mut at = piece.range.start;
        while at > 0 && !is_letter(self.at(at)) {
            if self.at(at - 1).is_ascii_digit() {
                return true;
            }
            at -= 1;
        }
        false
    }

    /// Whether a local number follows, which is read with the code of `piece`: «…, 000-00-02»;
    /// none of `pieces` is one.
    pub(super) fn leads(&self, piece: &Piece, pieces: &[Piece]) -> bool {
        let first = piece.last + 1;
        if pieces.iter().any(|next| next.first == first) {
            return false;
        }
        let Some(next) = self.groups.get(first) else {
            return false;
        };
        let joins = |c: &char| is_separator(*c) || matches!(c, ',' | ';' | 'и');
        if !self
            .slice(&(piece.range.end..next.range.start))
            .iter()
            .all(joins)
        {
            return false;
        }
        let mut last = first;
        while self.before(last + 1) != Link::Break {
            last += 1;
        }
        let local = super::LINK_DIGITS_MIN..=super::UNREAD_DIGITS;
        local.contains(&self.digits(first, last)) && self.before(last) == Link::Tight
    }

    fn digits(&self, first: usize, last: usize) -> usize {
        let mut digits = 0;
        for group in self.groups.get(first..last + 1).unwrap_or_default() {
            digits += group.range.len();
        }
        digits
    }
}

/// What `gap`, all between two groups, makes of them.
pub(super) fn link(gap: &[char]) -> Link {
    let mut visible = 0;
    let mut before = '-';
    for c in gap {
        // «…00-01. 8 800…» and «…00-01 / 8 800…» are two numbers.
        let ends = (before == '.' && is_space(*c)) || (*c == '/' && is_space(before));
        if *c == END {
            continue;
        }
        if !is_separator(*c) || ends {
            return Link::Break;
        }
        visible += usize::from(!is_blank(*c));
        before = *c;
    }
    match visible {
        0 if gap.is_empty() => Link::Glued,
        0 => Link::Space,
        // «…00-01 (9:00…»
        1 if before == '(' && gap.iter().any(|c| is_space(*c)) => Link::Space,
        1..=SEPARATORS_MAX => Link::Tight,
        _ => Link::Break,
    }
}

/// Makes `range` of `text` begin and end with something that is seen.
pub(super) fn trim(text: &[char], range: &mut Range<usize>) {
    let blank = |at: usize| text.get(at).is_some_and(|c| is_blank(*c));
    while range.start < range.end && blank(range.start) {
        range.start += 1;
    }
    while range.start < range.end && blank(range.end - 1) {
        range.end -= 1;
    }
}

/// Whether an owner's element that holds `number` holds a telephone number.
fn looks_whole(number: E164, form: Form, plus: bool, home: Codes) -> bool {
    let split = number.split();
    if split.plan().is_known() {
        let here = split.country == home.country;
        return split.is_regular() && form != Form::Local && (plus || here);
    }
    plus && number.row().len() > UNKNOWN_DIGITS_MIN
}

/// Letters of the scripts that part words by spaces. Ideographs stand close to numbers. Digits next
/// door belong to the row: [`Joined::drop_continued`] decides.
pub(super) fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '_' | '@' | '%' | '=' | '\u{c0}'..='\u{1fff}')
}

/// Between digits these tell that they belong together, and that nobody can read them.
pub(super) fn is_odd(c: char) -> bool {
    matches!(c, '~' | ':' | '=' | '*' | '\'')
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{a0}')
}

/// White space of any width, and marks that are not seen.
pub(super) fn is_blank(c: char) -> bool {
    is_separator(c) && !matches!(c, '!'..='~' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}
