//! Ids. Those of visitors, visits and leases are 128 random bits made by the edge and unguessable:
//! knowing a lease's id is the right to prolong it. Those of sites, pools and scenarios are names
//! the owner chose.

use core::fmt;

/// Why a text is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnId;

/// Crockford's base 32 in lower case: no i, l, o, u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

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
    let mut value = 0u128;
    for (place, byte) in text.bytes().enumerate() {
        let digit = ALPHABET.iter().position(|a| *a == byte).ok_or(NotAnId)? as u128;
        if place == 0 && digit > 7 {
            return Err(NotAnId);
        }
        value = (value << 5) | digit;
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
                serializer.collect_str(self)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::parse(&text)
                    .map_err(|_| serde::de::Error::custom("not an id of 26 characters"))
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
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::parse(&text).map_err(|_| {
                    serde::de::Error::custom(
                        "1 to 64 of a-z, 0-9, - and _, beginning with a letter or digit",
                    )
                })
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
