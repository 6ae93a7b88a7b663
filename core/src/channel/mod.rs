//! Where a visit comes from: advertising channel, source, search phrase.
//!
//! What is here: the classification of referrer and labels. What is not here: which number the
//! visit gets ([`crate::scenario`]) and the history of touches ([`crate::touch`]).
//!
//! What the owner says (labels) counts before what the browser says (referrer); a click id of an
//! advertising system counts before a medium that names no channel. A label that names none leaves
//! the channel to the referrer; but a Roistat label is an advertisement's, so a search engine makes
//! it paid and anything unknown makes it display. With no referrer either a UTM label is a
//! referral: somebody made that link. The words and sites known are data (`core/data`)
//! with their sources.

mod sites;
mod words;

use crate::label::{Labels, Utm, url_parts};
use sites::{Kind, site_of};

/// Group of sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Channel {
    /// Advertising in search results.
    Paid,
    /// Unpaid search results.
    Organic,
    /// Social networks, paid posts without a label included.
    Social,
    /// Messengers.
    Messenger,
    /// E-mail.
    Email,
    /// Banners and advertising networks.
    Display,
    /// A link on another site.
    Referral,
    /// A bookmark or a typed address.
    #[default]
    Direct,
    /// Print, radio, television, billboards: a QR code or a label made for one.
    Offline,
    /// The site itself.
    Internal,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 10] = [
        Self::Paid,
        Self::Organic,
        Self::Social,
        Self::Messenger,
        Self::Email,
        Self::Display,
        Self::Referral,
        Self::Direct,
        Self::Offline,
        Self::Internal,
    ];

    /// Its name in configuration, interfaces and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Organic => "organic",
            Self::Social => "social",
            Self::Messenger => "messenger",
            Self::Email => "email",
            Self::Display => "display",
            Self::Referral => "referral",
            Self::Direct => "direct",
            Self::Offline => "offline",
            Self::Internal => "internal",
        }
    }
}

/// Where one visit comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default)
)]
pub struct Origin {
    /// The channel.
    pub channel: Channel,
    /// The source within it: the label's source, else the name of the site or engine it came from;
    /// empty for direct visits.
    pub source: String,
    /// Host of the referrer without `www.`; empty without one.
    pub referrer_domain: String,
    /// Name of the search engine, if it came from one.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub search_engine: Option<String>,
    /// What was searched for, where the engine still tells.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub search_phrase: Option<String>,
}

/// Classifies a visit by the address of its first page, the referrer and the labels read from both.
///
/// `is_own_host` tells whether a host is the site's own; the page's own host always is.
pub fn classify(
    url: &str,
    referrer: &str,
    labels: &Labels,
    is_own_host: impl Fn(&str) -> bool,
) -> Origin {
    let page = bare_host(url_parts(url).host);
    let from = url_parts(referrer);
    let domain = bare_host(from.host);
    let own = !domain.is_empty() && (domain == page || is_own_host(&domain));
    let site = (!own).then(|| site_of(&domain)).flatten();
    let by_referrer = match site.map(|site| site.kind) {
        _ if domain.is_empty() => Channel::Direct,
        _ if own => Channel::Internal,
        Some(Kind::Search) => Channel::Organic,
        Some(Kind::Social) => Channel::Social,
        Some(Kind::Messenger) => Channel::Messenger,
        Some(Kind::Email) => Channel::Email,
        Some(Kind::Display) => Channel::Display,
        Some(Kind::Paid) => Channel::Paid,
        Some(Kind::Referral) | None => Channel::Referral,
    };
    let labelled = !labels.is_empty();
    let advertised = labels.level(1).is_some();
    let channel = by_labels(labels).unwrap_or(match by_referrer {
        // Roistat's label is put on advertisements alone (its page on link tagging): whoever comes
        // with one from a search engine clicked the advertisement there.
        Channel::Organic if advertised => Channel::Paid,
        Channel::Direct | Channel::Internal | Channel::Referral if advertised => Channel::Display,
        Channel::Direct | Channel::Internal if labelled => Channel::Referral,
        other => other,
    });
    let engine = site.filter(|site| site.kind == Kind::Search);
    let source = source_of_labels(labels)
        .or_else(|| site.map(|site| site.name.to_owned()))
        .unwrap_or_else(|| domain.clone());
    Origin {
        channel,
        source,
        search_engine: engine.map(|site| site.name.to_owned()),
        search_phrase: engine.and_then(|_| sites::search_phrase(from.query)),
        referrer_domain: domain,
    }
}

/// The host in small letters, without `www.` and the dot at its end.
fn bare_host(host: &str) -> String {
    let host = host.to_lowercase();
    let host = host.trim_end_matches('.');
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

/// The channel that the labels name.
fn by_labels(labels: &Labels) -> Option<Channel> {
    let source = labels
        .utm
        .get(&Utm::Source)
        .map(String::as_str)
        .unwrap_or_default();
    let medium = labels
        .utm
        .get(&Utm::Medium)
        .and_then(|medium| words::of_medium(medium));
    match medium {
        // Clicks paid for in a social network are no search.
        Some(Channel::Paid) if words::is_social(source) => return Some(Channel::Social),
        Some(channel) => return Some(channel),
        None => {}
    }
    let clicked = |channel: Channel| {
        let mut clicks = labels.clicks.keys();
        clicks.any(|click| words::of_click(*click).0 == channel)
    };
    if clicked(Channel::Paid) {
        return Some(Channel::Paid);
    }
    if let Some(channel) = labels.level(1).and_then(words::of_head) {
        return Some(channel);
    }
    if labels.openstat.is_some() {
        return Some(Channel::Paid);
    }
    if clicked(Channel::Social) || words::is_social(source) {
        return Some(Channel::Social);
    }
    None
}

/// The source that the labels name: the owner's own word before the advertising system's name.
fn source_of_labels(labels: &Labels) -> Option<String> {
    if let Some(source) = labels.utm.get(&Utm::Source) {
        return Some(source.clone());
    }
    if let Some(level) = labels.level(1).filter(|level| !level.is_empty()) {
        return Some(level.to_owned());
    }
    if let Some(openstat) = labels.openstat.as_ref().filter(|it| !it.service.is_empty()) {
        return Some(openstat.service.clone());
    }
    let click = labels.clicks.keys().next();
    click.map(|click| words::of_click(*click).1.to_owned())
}

#[cfg(test)]
mod tests;
