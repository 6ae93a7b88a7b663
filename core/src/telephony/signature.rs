//! Signatures: the few constructions providers use, each compared in constant time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A shared secret, or a public key. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` as a secret.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The secret itself, to sign with.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Whether two texts are equal, in time that depends on their lengths alone.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// Whether `given` is one of `secrets`; all of them are looked at.
pub(crate) fn any_equal(secrets: &[Secret], given: &[u8]) -> bool {
    any(secrets, |secret| equal(secret.expose().as_bytes(), given))
}

/// Whether `matches` holds for one of `secrets`. Every secret is tried, and a decoy where there is
/// none, so that neither a match nor the lack of a secret shows in the time taken.
pub(crate) fn any(secrets: &[Secret], matches: impl Fn(&Secret) -> bool) -> bool {
    if secrets.is_empty() {
        let decoy = Secret::new("no secret is configured");
        std::hint::black_box(matches(&decoy));
        return false;
    }
    secrets
        .iter()
        .fold(false, |found, secret| found | matches(secret))
}

/// HMAC-SHA256 of the concatenated `parts`.
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// HMAC-SHA1 of the concatenated `parts`. Only where a provider forces it.
pub(crate) fn hmac_sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    let mut mac =
        <Hmac<Sha1> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// SHA-256 of the concatenated `parts`.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().into()
}

/// Lower-case hexadecimal.
pub fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

/// Base 64 with padding.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads base 64 with padding; any other spelling of the same bytes is refused.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Whether `signature` (64 bytes) is Ed25519 by `public_key` (32 bytes) over `message`. The strict
/// rule: no key or signature component of small order.
pub(crate) fn ed25519(public_key: &[u8], signature: &[u8], message: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (
        <[u8; 32]>::try_from(public_key),
        <[u8; 64]>::try_from(signature),
    ) else {
        return false;
    };
    let Ok(key) = ed25519_dalek::VerifyingKey::from_bytes(&key) else {
        return false;
    };
    let signature = ed25519_dalek::Signature::from_bytes(&signature);
    key.verify_strict(message, &signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_of_rfc_4231_case_2() {
        let tag = hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(
            to_hex(&tag),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn hmac_sha1_of_rfc_2202_case_2() {
        let tag = hmac_sha1(b"Jefe", &[b"what do ya want for nothing?"]);
        assert_eq!(to_hex(&tag), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    }

    #[test]
    fn no_secret_matches_nothing() {
        assert!(!any(&[], |_| true));
        let two = [Secret::new("old"), Secret::new("new")];
        assert!(any_equal(&two, b"old") && any_equal(&two, b"new"));
        assert!(!any_equal(&two, b"ne") && !any_equal(&two, b""));
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", Secret::new("hidden")), "Secret(…)");
    }

    #[test]
    fn base64_has_one_spelling() {
        assert_eq!(from_base64("TQ==").as_deref(), Some(&b"M"[..]));
        for other in ["TQ", "TR==", "TQ==\n", "T Q=="] {
            assert_eq!(from_base64(other), None, "{other:?}");
        }
    }
}
