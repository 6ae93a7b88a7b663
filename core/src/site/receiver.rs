//! Receivers: the site's own addresses that are told of its calls.
//!
//! What is here: reading one, and which addresses an edge may be sent to. What is not: when what is
//! sent ([`crate::outbox`]). Invariant: an address is one a browser's parser and this one
//! understand alike, so that a host judged to be public here is the one that is asked.
//!
//! Source of the address ranges: IANA's registries of special-purpose addresses (RFC 6890).

use super::Text;
use super::fault::Problem;
use super::origin::ascii_host;
use super::reader::Node;
use crate::id::ReceiverId;
use crate::limits;
use crate::telephony::Secret;
use serde::{Serialize, Serializer};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address of the site that is told of calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receiver {
    /// Its name in addresses and lists.
    pub id: ReceiverId,
    /// Where deliveries are posted.
    pub url: ReceiverUrl,
    /// What signs them: the first; the second is the one before it, kept while it is rotated.
    pub secrets: Vec<Secret>,
    /// What it wants to hear.
    pub events: Vec<ReceiverEvent>,
    /// Switched off, it is sent nothing and nothing is kept for it.
    pub enabled: bool,
}

/// What a receiver may want to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum ReceiverEvent {
    /// A call rings and was credited.
    #[serde(rename = "call.start")]
    Start,
    /// A call is over.
    #[serde(rename = "call.end")]
    End,
    /// What was told of a call is not so any more: a correction, a late recording.
    #[serde(rename = "call.changed")]
    Changed,
}

impl ReceiverEvent {
    /// Every event.
    pub const ALL: [Self; 3] = [Self::Start, Self::End, Self::Changed];

    /// The name in configuration and deliveries.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "call.start",
            Self::End => "call.end",
            Self::Changed => "call.changed",
        }
    }
}

/// An address to post to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiverUrl {
    text: String,
    is_private: bool,
}

impl ReceiverUrl {
    /// Reads `https://host[:port]/path[?query]`.
    ///
    /// # Errors
    /// What is wrong with it, in both languages.
    pub fn parse(text: &str) -> Result<Self, Text> {
        let said = super::fault::text;
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let secure = scheme.eq_ignore_ascii_case("https");
        if !secure && !scheme.eq_ignore_ascii_case("http") {
            return Err(said("the scheme is https.", "схема — https."));
        }
        if !text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') || text.contains('#') {
            let why = "only visible ASCII without # and \\ may stand here.";
            return Err(said(why, "допустимы видимые знаки ASCII, кроме # и \\."));
        }
        let (authority, tail) = match rest.find(['/', '?']) {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        if authority.contains('@') {
            let why = "name and password may not stand here: the signature proves the sender.";
            let ru = "имя и пароль не нужны: отправителя доказывает подпись.";
            return Err(said(why, ru));
        }
        let (host, port) = super::origin::split_port(authority)
            .ok_or_else(|| said("the port is no number.", "порт — не число."))?;
        let host =
            ascii_host(host).ok_or_else(|| said("this is no host name.", "это не имя узла."))?;
        let is_private = is_private_host(&host)
            .ok_or_else(|| said("this is no host name.", "это не имя узла."))?;
        if !secure && !is_private {
            let why = "calls are told over https only.";
            return Err(said(why, "о звонках сообщается только по https."));
        }
        let scheme = if secure { "https" } else { "http" };
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        let slash = if tail.starts_with('/') { "" } else { "/" };
        Ok(Self {
            text: format!("{scheme}://{host}{port}{slash}{tail}"),
            is_private,
        })
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it leads into the edge's own machine or network, where only a development run may
    /// send. (A public name may still resolve to such an address: the runtime's own filter of
    /// addresses is the second lock.)
    pub fn is_private(&self) -> bool {
        self.is_private
    }
}

impl Serialize for ReceiverUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// Whether `host` is of the own machine or network; nothing if it is a number that browsers would
/// read as an address in a way of their own (`127.1`, `0x7f000001`).
fn is_private_host(host: &str) -> Option<bool> {
    if let Some(inner) = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return inner.parse::<Ipv6Addr>().ok().map(is_private_v6);
    }
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return Some(is_private_v4(address));
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    let numeric = last.bytes().all(|b| b.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()));
    if numeric {
        return None;
    }
    // Names that never lead to the public network (RFC 6761, 6762, 8375; `internal` by ICANN).
    let local = ["localhost", "local", "internal", "home.arpa"];
    let is_local = |suffix: &str| host == suffix || host.ends_with(&format!(".{suffix}"));
    Some(!host.contains('.') || local.iter().any(|suffix| is_local(suffix)))
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 198 && (18..20).contains(&b))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113)
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    if let IpAddr::V4(inner) = IpAddr::V6(address).to_canonical() {
        return is_private_v4(inner);
    }
    let parts = address.segments();
    let inner = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_private_v4(Ipv4Addr::new(a, b, c, d))
    };
    match parts {
        // NAT64 and 6to4 carry an address of version 4.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => inner(high, low),
        [0x2002, high, low, ..] => inner(high, low),
        // Of the rest only 2000::/3 is the public network; 2001:db8::/32 is for documents.
        [first, second, ..] => first & 0xe000 != 0x2000 || (first, second) == (0x2001, 0xdb8),
    }
}

pub(super) fn read_receiver(node: &Node<'_>) -> Option<Receiver> {
    let mut fields = node.fields()?;
    let id = fields
        .need("id")
        .and_then(|node| node.id(ReceiverId::parse));
    let url = fields.need("url").and_then(|node| read_url(&node));
    let secrets = fields.need("secrets").map(|node| read_secrets(&node));
    let names = ReceiverEvent::ALL.map(|event| (event.as_str(), event));
    let events = fields.get("events").map(|node| {
        let items = node.items(names.len());
        if items.is_empty() {
            node.fault(Problem::TooFew { min: 1 });
        }
        items
            .iter()
            .filter_map(|item| item.choice(names))
            .collect::<Vec<_>>()
    });
    let enabled = fields.get("enabled").and_then(|node| node.flag());
    fields.done();
    let mut events = events.unwrap_or_else(|| ReceiverEvent::ALL.to_vec());
    events.sort_unstable();
    events.dedup();
    Some(Receiver {
        id: id?,
        url: url?,
        secrets: secrets?,
        events,
        enabled: enabled.unwrap_or(true),
    })
}

fn read_url(node: &Node<'_>) -> Option<ReceiverUrl> {
    let text = node.text(limits::RECEIVER_URL_CHARS)?;
    match ReceiverUrl::parse(text) {
        Ok(url) => Some(url),
        Err(why) => {
            node.fault(Problem::Receiver { text, why });
            None
        }
    }
}

/// The secret in force and the one before it.
fn read_secrets(node: &Node<'_>) -> Vec<Secret> {
    let items = node.items(2);
    if items.is_empty() {
        node.fault(Problem::TooFew { min: 1 });
    }
    let mut secrets = Vec::new();
    for item in items {
        let Some(text) = item.text(limits::SECRET_CHARS) else {
            continue;
        };
        if text.chars().count() < limits::RECEIVER_SECRET_CHARS_MIN {
            let min = limits::RECEIVER_SECRET_CHARS_MIN;
            item.fault(Problem::ShortSecret { min });
            continue;
        }
        secrets.push(Secret::new(text));
    }
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(String, bool), String> {
        ReceiverUrl::parse(text)
            .map(|url| (url.as_str().to_owned(), url.is_private()))
            .map_err(|why| why.en)
    }

    #[test]
    fn public_addresses() {
        for (text, written) in [
            ("https://crm.example/hook", "https://crm.example/hook"),
            ("HTTPS://CRM.example", "https://crm.example/"),
            ("https://crm.example?a=1", "https://crm.example/?a=1"),
            (
                "https://crm.example:8443/x?y=%20",
                "https://crm.example:8443/x?y=%20",
            ),
            ("https://93.184.216.34/", "https://93.184.216.34/"),
            ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
            (
                "https://xn--e1afmkfd.example/",
                "https://xn--e1afmkfd.example/",
            ),
        ] {
            assert_eq!(read(text), Ok((written.to_owned(), false)), "{text}");
        }
    }

    #[test]
    fn addresses_of_the_own_machine_and_network() {
        for host in [
            "localhost",
            "a.localhost",
            "crm",
            "crm.local",
            "metadata.google.internal",
            "127.0.0.1",
            "127.255.0.9",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[::1]",
            "[::]",
            "[fd00::1]",
            "[fe80::1]",
            "[ff02::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:10.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001:db8::1]",
            "[::127.0.0.1]",
        ] {
            let read = read(&format!("https://{host}/"));
            assert!(read.is_ok_and(|(_, is_private)| is_private), "{host}");
        }
    }

    #[test]
    fn what_browsers_would_read_otherwise_is_no_address() {
        for text in [
            "https://127.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://0177.0.0.1/",
            "https://1.2.3.4.5/",
            "https://a@b.example/",
            "https://b.example:x/",
            "https:///x",
            "https://crm.example/\u{a0}",
            "https://crm.example\\@127.0.0.1/",
            "ftp://crm.example/",
            "crm.example",
            "https://crm.example/#x",
            "http://crm.example/",
            "https://crm.0x7f/",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read("http://127.0.0.1:9/").is_ok(), "for development runs");
    }
}
