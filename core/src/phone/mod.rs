//! Telephone numbers in E.164, and reading them from what people write.
//!
//! What is here: the number itself, the numbering plans needed to take it apart ([`plan`]) and the
//! reading of numbers as written on pages and pasted by owners ([`read`], [`list`]). Writing a
//! number for people is [`crate::mask`]. What is not here: whether a number is in use, and by whom.

use core::fmt;
use core::num::NonZeroU64;

pub mod list;
mod pasted;
pub mod plan;
pub mod read;
pub mod region;
mod row;

pub use list::{ListFault, ListFaultReason, NumberList, read_list};
pub use plan::{CountryCode, Parts, Split};
pub use read::{Codes, Home, read_written};
pub use region::{is_mobile, region_of_number, region_of_place};
pub use row::Row;

/// A telephone number: 3 to 15 digits, country code first, no leading zero. Shown and stored
/// without `+`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct E164(NonZeroU64);

/// Why a text is no E.164 number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PhoneError {
    /// Something other than digits.
    NotDigits,
    /// Fewer than 3 or more than 15 digits.
    Length,
    /// E.164 numbers begin with a country code, and none begins with zero.
    LeadingZero,
}

impl E164 {
    /// Reads digits, with or without `+`. Nothing else is guessed here: what owners paste is read
    /// with the site's country by [`crate::phone`]'s other functions.
    ///
    /// # Errors
    /// Says what is wrong with `text`.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PhoneError::NotDigits);
        }
        if !(3..=15).contains(&digits.len()) {
            return Err(PhoneError::Length);
        }
        if digits.starts_with('0') {
            return Err(PhoneError::LeadingZero);
        }
        let value = digits
            .bytes()
            .fold(0u64, |sum, b| sum * 10 + u64::from(b - b'0'));
        NonZeroU64::new(value)
            .map(Self)
            .ok_or(PhoneError::LeadingZero)
    }

    /// The number whose digits are those of `value`, as [`Self::as_u64`] gives it; nothing where
    /// they are fewer than 3 or more than 15.
    pub const fn from_u64(value: u64) -> Option<Self> {
        match NonZeroU64::new(value) {
            Some(digits) if value >= 100 && value < 1_000_000_000_000_000 => Some(Self(digits)),
            _ => None,
        }
    }

    /// The digits as one integer, for compact tables.
    pub fn as_u64(self) -> u64 {
        self.0.get()
    }

    /// The digits as text, without allocating and without `core::fmt`.
    pub fn digits(self) -> Digits {
        let mut bytes = [b'0'; Digits::MAX];
        let mut rest = self.0.get();
        let mut from = Digits::MAX;
        while rest > 0 && from > 0 {
            from -= 1;
            bytes[from] = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        Digits { bytes, from }
    }

    /// The number that `digits` are, country code first.
    pub fn from_row(digits: Row) -> Option<Self> {
        let good = (3..=Digits::MAX).contains(&digits.len()) && digits.digit(0) != Some('0');
        NonZeroU64::new(digits.value()).filter(|_| good).map(Self)
    }

    /// All digits.
    pub fn row(self) -> Row {
        Row::of(self.0.get())
    }

    /// Country code and national number, by the plan of the country.
    pub fn split(self) -> Split {
        Split::of(self)
    }

    /// Country code, area code and subscriber's number as text.
    pub fn parts(self) -> Parts {
        Parts::of(self)
    }
}

/// The digits of an [`E164`], at most fifteen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digits {
    bytes: [u8; Self::MAX],
    from: usize,
}

impl Digits {
    const MAX: usize = 15;

    /// The digits, country code first.
    pub fn as_str(&self) -> &str {
        self.bytes
            .get(self.from..)
            .and_then(|digits| core::str::from_utf8(digits).ok())
            .unwrap_or_default()
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.get(), f)
    }
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for E164 {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !serializer.is_human_readable() {
            return serializer.serialize_u64(self.as_u64());
        }
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for E164 {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const WRONG: &str = "not a number of 3 to 15 digits, country code first";
        if !deserializer.is_human_readable() {
            let digits = u64::deserialize(deserializer)?;
            return Self::from_u64(digits).ok_or_else(|| serde::de::Error::custom(WRONG));
        }
        crate::text::read(deserializer, WRONG, |text| Self::parse(text).ok())
    }
}

#[cfg(test)]
mod tests;
