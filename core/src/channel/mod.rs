//! Where a visit comes from: advertising channel, source, search phrase.
//!
//! What is here: the classification of referrer and labels. What is not here: which number the
//! visit gets ([`crate::scenario`]) and the history of touches ([`crate::touch`]).

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
