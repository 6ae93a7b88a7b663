//! A row of digits, as people write numbers and parts of them.
//!
//! Kept as an integer and a count, so that leading zeros stand: the agent cuts, compares and
//! writes rows on every page, and arithmetic weighs a fraction of what text does. What a row means
//! is the business of [`super::read`].

/// Digits in their order. Rows longer than [`Row::MAX`] keep their length and lose their value:
/// no number is so long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    value: u64,
    len: u32,
}

impl Row {
    /// The longest row with a value: a number of fifteen digits after a prefix of three.
    pub const MAX: u32 = 18;

    /// No digits.
    pub const EMPTY: Self = Self { value: 0, len: 0 };

    /// `value` with leading zeros up to `len` digits.
    pub(super) const fn new(value: u64, len: u32) -> Self {
        Self { value, len }
    }

    /// The digits of `value`; none of zero.
    pub(super) fn of(value: u64) -> Self {
        let mut row = Self { value, len: 0 };
        let mut rest = value;
        while rest > 0 {
            rest /= 10;
            row.len += 1;
        }
        row
    }

    /// The digits of `text`, whatever else stands between them.
    pub fn read(text: impl IntoIterator<Item = char>) -> Self {
        let mut row = Self::EMPTY;
        for c in text {
            row.push(c);
        }
        row
    }

    /// Adds a digit; anything else is left out.
    pub fn push(&mut self, c: char) {
        if c.is_ascii_digit() {
            if self.len < Self::MAX {
                self.value = self.value * 10 + (u64::from(c) - u64::from('0'));
            }
            self.len += 1;
        }
    }

    /// How many digits.
    pub fn len(self) -> usize {
        self.len as usize
    }

    /// Whether there is no digit.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The digits as one integer.
    pub(super) fn value(self) -> u64 {
        self.value
    }

    /// What is left after the first `count` digits, and those.
    pub fn cut(self, count: usize) -> (Self, Self) {
        let first = (count as u32).min(self.len);
        let unit = power_of_ten(self.len - first);
        (
            Self::new(self.value / unit, first),
            Self::new(self.value % unit, self.len - first),
        )
    }

    /// What follows `prefix`, if the row begins so and goes on.
    pub fn after(self, prefix: Self) -> Option<Self> {
        let (head, rest) = self.cut(prefix.len());
        (head == prefix).then_some(rest)
    }

    /// This row, then `next`.
    pub fn joined(self, next: Self) -> Self {
        Self {
            value: self
                .value
                .wrapping_mul(power_of_ten(next.len))
                .wrapping_add(next.value),
            len: self.len + next.len,
        }
    }

    /// The digit at `at`, from the left; nothing beyond the end.
    pub fn digit(self, at: usize) -> Option<char> {
        let behind = self.len.checked_sub(at as u32 + 1)?;
        let digit = self.value / power_of_ten(behind) % 10;
        Some(char::from(b'0' + digit as u8))
    }
}

/// 10 to the `exponent`, at most [`Row::MAX`].
fn power_of_ten(exponent: u32) -> u64 {
    let mut power = 1u64;
    for _ in 0..exponent {
        power = power.wrapping_mul(10);
    }
    // Beyond the longest row there is no value to divide.
    power.max(1)
}
