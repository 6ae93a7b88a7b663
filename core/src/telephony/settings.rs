//! What a site says of a telephony provider: secrets, addresses, the clock its texts are written
//! by.

use super::signature::{self, Secret};
use super::{NumberPlan, Provider, RawRequest, Refusal};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// One provider's settings. Two secrets of a kind are valid at once, for rotation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProviderSettings {
    /// What signs: Zadarma's API secret, Mango's salt, MegaFon's token, Twilio's auth token,
    /// Telnyx's
    /// *public* key, the generic secret.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<Secret>,
    /// Mango's `vpbx_api_key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Secret>,
    /// The last part of the webhook's path. Needed where the provider signs nothing or little.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path_secrets: Vec<Secret>,
    /// Senders to accept: addresses or ranges (`185.45.152.42`, `92.118.66.0/23`). Empty: any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// The address as it was given to the provider (Twilio signs it), if a proxy changes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// IANA name of the zone the provider writes wall-clock texts in, if not the site's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
}

/// What of the site matters to every provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteContext {
    /// How numbers are written there.
    pub plan: NumberPlan,
    /// IANA name of the site's time zone.
    pub time_zone: String,
}

/// A fault of [`ProviderSettings`]: where, as a JSON pointer below them, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFault {
    /// `/secrets/0` …
    pub pointer: String,
    /// What is wrong, in a sentence.
    pub message: String,
}

/// 2: the secret in force and the one before it.
const SECRETS_MAX: usize = 2;

/// 16 characters of base 32 are 80 bits: too many to guess over a network.
const PATH_SECRET_CHARS_MIN: usize = 16;

impl Provider {
    /// Whether the provider proves itself by a signature or a token in the event.
    pub const fn has_signature(self) -> bool {
        !matches!(
            self,
            Self::Asterisk | Self::Calltouch | Self::Freeswitch | Self::Uis
        )
    }

    /// Whether a secret in the path is needed: nothing or not enough is signed.
    pub const fn needs_path_secret(self) -> bool {
        !self.has_signature() || matches!(self, Self::Novofon | Self::Zadarma)
    }
}

impl ProviderSettings {
    /// Every fault of these settings for `provider`; none means that its webhooks can be verified.
    pub fn faults(&self, provider: Provider) -> Vec<SettingsFault> {
        let mut faults = vec![];
        let mut fault = |pointer: String, message: &str| {
            faults.push(SettingsFault {
                pointer,
                message: message.to_owned(),
            });
        };
        if provider.has_signature() && self.secrets.is_empty() {
            fault(
                "/secrets".into(),
                "the provider signs its events: give the secret",
            );
        }
        if provider.needs_path_secret() && self.path_secrets.is_empty() {
            fault(
                "/path_secrets".into(),
                "the provider signs too little: give a secret for the path",
            );
        }
        if provider == Provider::Mango && self.key.is_none() {
            fault("/key".into(), "give the vpbx_api_key");
        }
        for (name, list) in [
            ("secrets", &self.secrets),
            ("path_secrets", &self.path_secrets),
        ] {
            if list.len() > SECRETS_MAX {
                fault(
                    format!("/{name}"),
                    "at most two: the one in force and the one before it",
                );
            }
            for (place, secret) in list.iter().enumerate() {
                if secret.expose().is_empty() {
                    fault(format!("/{name}/{place}"), "the secret is empty");
                }
            }
        }
        for (place, secret) in self.path_secrets.iter().enumerate() {
            let text = secret.expose();
            let legal = text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
            if !legal || text.len() < PATH_SECRET_CHARS_MIN {
                let message = "16 or more of letters, digits, - and _";
                fault(format!("/path_secrets/{place}"), message);
            }
        }
        if provider == Provider::Telnyx {
            for (place, key) in self.secrets.iter().enumerate() {
                if signature::from_base64(key.expose()).is_none_or(|key| key.len() != 32) {
                    fault(
                        format!("/secrets/{place}"),
                        "a public key is 32 bytes in base 64",
                    );
                }
            }
        }
        for (place, text) in self.addresses.iter().enumerate() {
            if parse_range(text).is_none() {
                fault(
                    format!("/addresses/{place}"),
                    "no address or range such as 92.118.66.0/23",
                );
            }
        }
        if let Some(zone) = &self.time_zone
            && jiff::tz::TimeZone::get(zone).is_err()
        {
            let message = "no IANA time zone such as Europe/Moscow";
            fault("/time_zone".into(), message);
        }
        faults
    }

    /// Path secret, address and set-up of `provider`.
    pub(super) fn check_way_in(
        &self,
        provider: Provider,
        request: &RawRequest<'_>,
    ) -> Result<(), Refusal> {
        let given = request.path_secret.unwrap_or("");
        let known = signature::any_equal(&self.path_secrets, given.as_bytes());
        let needed = provider.needs_path_secret();
        if (needed && self.path_secrets.is_empty())
            || (provider.has_signature() && self.secrets.is_empty())
        {
            return Err(Refusal::NotConfigured);
        }
        if !known && !self.path_secrets.is_empty() {
            return Err(Refusal::PathSecret);
        }
        if !self.addresses.is_empty() && !self.is_listed(request.remote_address) {
            return Err(Refusal::Address);
        }
        Ok(())
    }

    /// Whether the request came by a right secret in its path.
    pub(super) fn has_path_secret(&self, request: &RawRequest<'_>) -> bool {
        let given = request.path_secret.unwrap_or("");
        signature::any_equal(&self.path_secrets, given.as_bytes())
    }

    fn is_listed(&self, remote_address: Option<&str>) -> bool {
        let Some(address) = remote_address.and_then(|text| text.trim().parse().ok()) else {
            return false;
        };
        self.addresses
            .iter()
            .filter_map(|text| parse_range(text))
            .any(|range| contains(range, address))
    }

    pub(super) fn zone<'a>(&'a self, site: &'a SiteContext) -> &'a str {
        self.time_zone.as_deref().unwrap_or(&site.time_zone)
    }
}

fn parse_range(text: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    let address: IpAddr = address.trim().parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(most), |bits| bits.trim().parse().ok())?;
    (bits <= most).then_some((address, bits))
}

fn contains((network, bits): (IpAddr, u8), address: IpAddr) -> bool {
    let (network, address, width) = match (network, address.to_canonical()) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128u32),
        _ => return false,
    };
    let rest = width - u32::from(bits);
    rest == 128 || (network >> rest) == (address >> rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn ranges() {
        let listed = |range: &str, address: &str| {
            let settings = ProviderSettings {
                addresses: vec![range.to_owned()],
                ..ProviderSettings::default()
            };
            settings.is_listed(Some(address))
        };
        assert!(listed("92.118.66.0/23", "92.118.67.255"));
        assert!(!listed("92.118.66.0/23", "92.118.68.0"));
        assert!(listed("185.45.152.42", "185.45.152.42"));
        assert!(listed("185.45.152.42", "::ffff:185.45.152.42"));
        assert!(!listed("185.45.152.42", "185.45.152.43"));
        assert!(listed("0.0.0.0/0", "1.2.3.4"));
        assert!(listed("::/0", "2001:db8::1"));
        assert!(listed("2001:db8::/32", "2001:db8:1::1"));
        assert!(!listed("2001:db8::/32", "2001:db9::"));
        assert!(!listed("0.0.0.0/0", "not an address"));
    }

    #[test]
    fn every_fault_is_named() {
        let settings: ProviderSettings = serde_json::from_str(
            r#"{"secrets":["","b","c"],"path_secrets":["short"],"addresses":["1.2.3.4/33","x"],
                "time_zone":"Mars/Base"}"#,
        )
        .expect("settings");
        let shown: Vec<String> = settings
            .faults(Provider::Mango)
            .into_iter()
            .map(|fault| format!("{}: {}", fault.pointer, fault.message))
            .collect();
        expect![[r#"
            /key: give the vpbx_api_key
            /secrets: at most two: the one in force and the one before it
            /secrets/0: the secret is empty
            /path_secrets/0: 16 or more of letters, digits, - and _
            /addresses/0: no address or range such as 92.118.66.0/23
            /addresses/1: no address or range such as 92.118.66.0/23
            /time_zone: no IANA time zone such as Europe/Moscow"#]]
        .assert_eq(&shown.join("\n"));
    }

    #[test]
    fn a_provider_that_signs_nothing_needs_a_path_secret() {
        for provider in Provider::ALL {
            let faults = ProviderSettings::default().faults(provider);
            assert!(!faults.is_empty(), "{provider}");
        }
    }
}
