//! Origins of a site: which pages may ask for numbers.
//!
//! A pattern is an exact origin (`https://shop.example`, with a port if it is not the scheme's own)
//! or one with `*.` for exactly one label (`https://*.shop.example` is `https://msk.shop.example`,
//! but neither `https://shop.example` nor `https://a.b.shop.example`). International names are kept
//! in the ASCII form (`xn--…`) that browsers send. There is no other matching: no suffixes, no
//! regular expressions.

use super::Text;
use super::fault::text;
use serde::{Serialize, Serializer};

/// An origin or a pattern of origins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OriginPattern {
    scheme: Scheme,
    wildcard: bool,
    /// ASCII, in small letters; without the `*.`.
    host: String,
    port: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Scheme {
    Http,
    Https,
}

impl Scheme {
    const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl OriginPattern {
    /// Reads an origin or pattern as an owner writes it; a path of just `/` is forgiven.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn parse(origin: &str) -> Result<Self, Text> {
        let trimmed = origin.trim().trim_end_matches('/');
        let (scheme, rest) = trimmed
            .split_once("://")
            .ok_or_else(|| text("the scheme is missing.", "нет схемы."))?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            _ => {
                return Err(text(
                    "the scheme must be https or http.",
                    "схема — https или http.",
                ));
            }
        };
        if rest.contains(['/', '?', '#', '@']) {
            let why = "only scheme, host and port may stand here.";
            return Err(text(why, "допустимы только схема, имя и порт."));
        }
        let (host, port) =
            split_port(rest).ok_or_else(|| text("the port is no number.", "порт — не число."))?;
        let (wildcard, host) = match host.strip_prefix("*.") {
            Some(host) => (true, host),
            None => (false, host),
        };
        if host.contains('*') {
            let why = "* may stand only for the first label.";
            return Err(text(
                why,
                "* может стоять только вместо первой части имени.",
            ));
        }
        let host =
            ascii_host(host).ok_or_else(|| text("this is no host name.", "это не имя узла."))?;
        if wildcard && (!host.contains('.') || host.starts_with('[')) {
            let why = "* would admit strangers' sites.";
            return Err(text(why, "* открыла бы доступ чужим сайтам."));
        }
        let local = host == "localhost" || host.ends_with(".localhost") || is_address(&host);
        if !local && !host.contains('.') {
            return Err(text("this is no full host name.", "это неполное имя узла."));
        }
        let port = port.filter(|port| *port != scheme.port());
        Ok(Self {
            scheme,
            wildcard,
            host,
            port,
        })
    }

    /// Whether a browser's `Origin` header is this origin or fits this pattern.
    pub fn matches(&self, origin: &str) -> bool {
        let Some((scheme, rest)) = origin.split_once("://") else {
            return false;
        };
        let Some((host, port)) = split_port(rest) else {
            return false;
        };
        if !scheme.eq_ignore_ascii_case(self.scheme.name())
            || port.unwrap_or(self.scheme.port()) != self.port.unwrap_or(self.scheme.port())
        {
            return false;
        }
        let host = host.to_ascii_lowercase();
        if !self.wildcard {
            return host == self.host;
        }
        let label = host
            .strip_suffix(self.host.as_str())
            .and_then(|rest| rest.strip_suffix('.'));
        label.is_some_and(is_label)
    }

    /// Whether every host of this pattern lies at or under `domain`.
    pub fn is_under(&self, domain: &str) -> bool {
        self.host == domain
            || self
                .host
                .strip_suffix(domain)
                .is_some_and(|rest| rest.ends_with('.'))
    }

    /// The host, without `*.`.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl std::fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let star = if self.wildcard { "*." } else { "" };
        write!(f, "{}://{star}{}", self.scheme.name(), self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl Serialize for OriginPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

pub(super) fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let after_bracket = authority.rfind(']').map_or(0, |at| at + 1);
    match authority.get(after_bracket..)?.rfind(':') {
        Some(at) => {
            let (host, port) = authority.split_at(after_bracket + at);
            let digits = port.get(1..)?;
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| digits.parse().ok().map(|port| (host, Some(port))))?
        }
        None => Some((authority, None)),
    }
}

/// The host as browsers send it: ASCII, small letters.
pub(super) fn ascii_host(host: &str) -> Option<String> {
    if host.starts_with('[') {
        let inner = host.strip_prefix('[')?.strip_suffix(']')?;
        let address: std::net::Ipv6Addr = inner.parse().ok()?;
        return Some(format!("[{address}]"));
    }
    let ascii = idna::domain_to_ascii_strict(host.trim_end_matches('.')).ok()?;
    let fits = ascii.len() <= 253 && ascii.split('.').all(is_label);
    fits.then_some(ascii)
}

/// One part of a host name. Underscores occur in practice and do no harm.
fn is_label(label: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    !label.is_empty() && label.len() <= 63 && label.bytes().all(legal)
}

fn is_address(host: &str) -> bool {
    host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok()
}
