//! The network a visitor's address belongs to.
//!
//! Robots come from networks, people from addresses that many share; so a network is counted, not
//! an address: /24 of IPv4, the least that is routed, and /56 of IPv6, what one household or one
//! rented machine is given (RIPE-690). Not stored and not logged: what is kept in memory is a keyed
//! hash whose key is drawn anew every day.

use crate::telephony::signature::hmac_sha256;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A visitor's network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prefix {
    /// The first three bytes.
    V4([u8; 3]),
    /// The first seven bytes.
    V6([u8; 7]),
}

impl Prefix {
    /// The network of an address as text; nothing if it is no address.
    pub fn of(address: &str) -> Option<Self> {
        let address: IpAddr = address.trim().parse().ok()?;
        Some(match address.to_canonical() {
            IpAddr::V4(address) => {
                let [a, b, c, _] = address.octets();
                Self::V4([a, b, c])
            }
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, ..] = address.octets();
                Self::V6([a, b, c, d, e, f, g])
            }
        })
    }

    /// The network as a key that tells nothing of it to who does not have `secret`.
    pub fn hashed(self, secret: &[u8; 32]) -> u64 {
        let digest = match self {
            Self::V4(bytes) => hmac_sha256(secret, &[b"4", &bytes]),
            Self::V6(bytes) => hmac_sha256(secret, &[b"6", &bytes]),
        };
        digest[..8]
            .iter()
            .fold(0, |key, byte| (key << 8) | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_networks() {
        let cases = [
            ("203.0.113.7", Some(Prefix::V4([203, 0, 113]))),
            (" 203.0.113.250 ", Some(Prefix::V4([203, 0, 113]))),
            ("::ffff:203.0.113.9", Some(Prefix::V4([203, 0, 113]))),
            (
                "2001:db8:1:2ff::1",
                Some(Prefix::V6([0x20, 0x01, 0x0d, 0xb8, 0, 1, 2])),
            ),
            ("", None),
            ("203.0.113", None),
            ("shop.example", None),
        ];
        for (text, prefix) in cases {
            assert_eq!(Prefix::of(text), prefix, "{text}");
        }
    }

    #[test]
    fn the_hash_depends_on_network_and_secret() {
        let at = |text| Prefix::of(text).expect("an address");
        let of = |text, secret| at(text).hashed(&[secret; 32]);
        assert_eq!(of("203.0.113.7", 1), of("203.0.113.8", 1));
        assert_ne!(of("203.0.113.7", 1), of("203.0.114.7", 1));
        assert_ne!(of("203.0.113.7", 1), of("203.0.113.7", 2));
        assert_eq!(of("2001:db8:1:200::1", 1), of("2001:db8:1:2ff::1", 1));
        assert_ne!(of("2001:db8:1:200::1", 1), of("2001:db8:1:300::1", 1));
    }
}
