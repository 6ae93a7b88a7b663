//! Ids. Those of visitors, visits and leases are 128 random bits made by the edge and unguessable:
//! knowing a lease's id is the right to prolong it. Those of sites, pools and scenarios are names
//! the owner chose.

use core::fmt;

/// Why a text is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnId;

/// Crockford's base 32 in lower case: no i, l, o, u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What each byte stands for in [`ALPHABET`]; 32 and more for those that are not of it.
const DIGITS: [u8; 256] = {
    let mut digits = [u8::MAX; 256];
    let mut digit = 0;
    while digit < ALPHABET.len() {
        digits[ALPHABET[digit] as usize] = digit as u8;
        digit += 1;
    }
    digits
};

fn write_base32(value: u128, out: &mut [u8; 26]) {
    let mut rest = value;
    for place in out.iter_mut().rev() {
        *place = ALPHABET[(rest & 31) as usize];
        rest >>= 5;
    }
}

/// Reads exactly what [`write_base32`] writes: 26 characters, the first at most 7.
fn read_base32(text: &str) -> Result<u128, NotAnId> {
    if text.len() != 26 {
        return Err(NotAnId);
    }
    let (first, rest) = text.as_bytes().split_at(2);
    let (middle, last) = rest.split_at(12);
    // Part by part: a wide shift for every digit is dear in WebAssembly.
    let first = read_digits(first)?;
    if first > 0xff {
        return Err(NotAnId);
    }
    let wide = |part| Ok(u128::from(read_digits(part)?));
    Ok(u128::from(first) << 120 | wide(middle)? << 60 | wide(last)?)
}

/// At most 12 digits.
fn read_digits(text: &[u8]) -> Result<u64, NotAnId> {
    let mut value = 0u64;
    for byte in text {
        let digit = DIGITS[usize::from(*byte)];
        if digit > 31 {
            return Err(NotAnId);
        }
        value = (value << 5) | u64::from(digit);
    }
    Ok(value)
}

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u128);

        impl $name {
            /// Reads the 26 characters of base 32 that `Display` writes.
            ///
            /// # Errors
            /// If `text` is anything else; there is one text for one id.
            pub fn parse(text: &str) -> Result<Self, NotAnId> {
                read_base32(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = [0u8; 26];
                write_base32(self.0, &mut text);
                f.write_str(core::str::from_utf8(&text).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if !serializer.is_human_readable() {
                    return serializer.serialize_bytes(&self.0.to_le_bytes());
                }
                serializer.collect_str(self)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if !deserializer.is_human_readable() {
                    let bytes = <&[u8]>::deserialize(deserializer)?;
                    let bytes = bytes.try_into().map_err(serde::de::Error::custom)?;
                    return Ok(Self(u128::from_le_bytes(bytes)));
                }
                crate::text::read(deserializer, "not an id of 26 characters", |text| {
                    Self::parse(text).ok()
                })
            }
        }
    };
}

random_id!(
    /// A browser of a person, for as long as its storage lasts.
    VisitorId
);
random_id!(
    /// One stay of a visitor on a site.
    VisitId
);
random_id!(
    /// One lending of a number to a visitor.
    LeaseId
);
random_id!(
    /// One telephone call.
    CallId
);

macro_rules! name_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize), serde(transparent))]
        pub struct $name(String);

        impl $name {
            /// Accepts 1 to 64 of `a-z`, `0-9`, `-` and `_`, beginning with a letter or digit.
            ///
            /// # Errors
            /// If `text` is anything else.
            pub fn parse(text: &str) -> Result<Self, NotAnId> {
                let first = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
                let legal = |b: u8| first(b) || b == b'-' || b == b'_';
                let begins = text.bytes().next().is_some_and(first);
                if begins && text.len() <= 64 && text.bytes().all(legal) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NotAnId)
                }
            }

            /// The name as the owner wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::text::read(
                    deserializer,
                    "1 to 64 of a-z, 0-9, - and _, beginning with a letter or digit",
                    |text| Self::parse(text).ok(),
                )
            }
        }
    };
}

name_id!(
    /// The site's name in addresses.
    SiteId
);
name_id!(
    /// A pool of numbers within a site.
    PoolId
);
name_id!(
    /// A stock of numbers that sites of one owner share.
    StockId
);
name_id!(
    /// A receiver of deliveries within a site.
    ReceiverId
);
name_id!(
    /// A scenario within a site.
    ScenarioId
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn one_text_for_one_id(id: u128, odd in "\\PC{26}", at in 0usize..26, byte: u8) {
            let text = VisitId(id).to_string();
            prop_assert_eq!(VisitId::parse(&text), Ok(VisitId(id)));
            prop_assert!(text.bytes().all(|b| ALPHABET.contains(&b)));
            // Whatever else is read is what would be written.
            let mut bytes = text.into_bytes();
            bytes[at] = byte;
            for text in [odd, String::from_utf8_lossy(&bytes).into_owned()] {
                if let Ok(read) = VisitId::parse(&text) {
                    prop_assert_eq!(read.to_string(), text);
                }
            }
        }
    }
}
