//! Telephone numbers in E.164.

use core::fmt;
use core::num::NonZeroU64;

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

    /// The digits as one integer, for compact tables.
    pub fn as_u64(self) -> u64 {
        self.0.get()
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
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for E164 {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(|_| {
            serde::de::Error::custom("not a number of 3 to 15 digits, country code first")
        })
    }
}
