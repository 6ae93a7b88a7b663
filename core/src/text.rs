//! Values that JSON tells as text, read without a copy of it: a row of the journal has half a
//! dozen, and a pool that wakes reads thousands of rows.

use core::fmt;
use serde::de::{Deserializer, Error, Visitor};

/// Reads text by `read`; `expected` says what it must be.
///
/// # Errors
/// If it is no text, or `read` gives nothing.
pub(crate) fn read<'de, D: Deserializer<'de>, T>(
    from: D,
    expected: &'static str,
    read: fn(&str) -> Option<T>,
) -> Result<T, D::Error> {
    from.deserialize_str(Reader { expected, read })
}

struct Reader<T> {
    expected: &'static str,
    read: fn(&str) -> Option<T>,
}

impl<T> Visitor<'_> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text).ok_or_else(|| E::custom(self.expected))
    }
}
