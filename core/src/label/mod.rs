//! Labels: what an address says about where the visitor comes from.
//!
//! What is here: the Roistat label (`roistat`, `rs`), `roistat_param1..5`, the UTM set, click ids
//! and openstat, read from the page's address, else from the referrer, else from what an earlier
//! page remembered; and the address stripped of everything that must not be stored. What is not
//! here: what the source *is* ([`crate::channel`]) and which scenario matches it
//! ([`crate::condition`]).
//!
//! Invariant: reading never fails. What cannot be understood is left out with a [`Warning`]; what
//! is longer than its limit is cut with one.

mod decode;
mod read;
mod store;

pub use decode::{decode_component, decode_cp1251};
pub use read::{UrlParts, pairs, read_labels, url_parts};
pub use store::stored_url;

use std::collections::BTreeMap;

/// What the address says. Empty where it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default)
)]
pub struct Labels {
    /// The Roistat label as it stood, decoded: levels joined by `_`.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub marker: Option<String>,
    /// `roistat_param1..5`, by number.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeMap::is_empty"))]
    pub params: BTreeMap<u8, String>,
    /// The UTM set.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeMap::is_empty"))]
    pub utm: BTreeMap<Utm, String>,
    /// Click ids.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeMap::is_empty"))]
    pub clicks: BTreeMap<Click, String>,
    /// The four parts of openstat: service, campaign, advertisement, place.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub openstat: Option<Openstat>,
}

impl Labels {
    /// Levels of the Roistat label, at most [`crate::limits::LABEL_LEVELS`]; what exceeds them
    /// stays joined in the last.
    pub fn levels(&self) -> impl Iterator<Item = &str> {
        let marker = self.marker.as_deref().filter(|marker| !marker.is_empty());
        marker
            .into_iter()
            .flat_map(|marker| marker.splitn(crate::limits::LABEL_LEVELS, '_'))
    }

    /// The level with this number, from 1.
    pub fn level(&self, number: u8) -> Option<&str> {
        self.levels().nth(usize::from(number).checked_sub(1)?)
    }

    /// Whether the address said anything at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Parameters of the UTM set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Utm {
    /// `utm_source`
    Source,
    /// `utm_medium`
    Medium,
    /// `utm_campaign`
    Campaign,
    /// `utm_term`
    Term,
    /// `utm_content`
    Content,
}

impl Utm {
    /// Every parameter.
    pub const ALL: [Self; 5] = [
        Self::Source,
        Self::Medium,
        Self::Campaign,
        Self::Term,
        Self::Content,
    ];

    /// Its name in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "utm_source",
            Self::Medium => "utm_medium",
            Self::Campaign => "utm_campaign",
            Self::Term => "utm_term",
            Self::Content => "utm_content",
        }
    }
}

/// Click ids, by the parameter that carries them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Click {
    /// Google Ads.
    Gclid,
    /// Google Ads, from an app.
    Gbraid,
    /// Google Ads, to an app or from Safari.
    Wbraid,
    /// Yandex Direct.
    Yclid,
    /// Yandex Market.
    Ymclid,
    /// Microsoft Advertising.
    Msclkid,
    /// Facebook and Instagram: on unpaid links too.
    Fbclid,
    /// Adobe Advertising.
    EfId,
}

impl Click {
    /// Every click id.
    pub const ALL: [Self; 8] = [
        Self::Gclid,
        Self::Gbraid,
        Self::Wbraid,
        Self::Yclid,
        Self::Ymclid,
        Self::Msclkid,
        Self::Fbclid,
        Self::EfId,
    ];

    /// Its name in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gclid => "gclid",
            Self::Gbraid => "gbraid",
            Self::Wbraid => "wbraid",
            Self::Yclid => "yclid",
            Self::Ymclid => "ymclid",
            Self::Msclkid => "msclkid",
            Self::Fbclid => "fbclid",
            Self::EfId => "ef_id",
        }
    }
}

/// The parts of an openstat label, `service;campaign;ad;source`, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default)
)]
pub struct Openstat {
    /// Advertising system, such as `direct.yandex.ru`.
    pub service: String,
    /// Campaign.
    pub campaign: String,
    /// Advertisement.
    pub ad: String,
    /// Place where it was shown.
    pub source: String,
}

/// Where a label was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Place {
    /// After `?` in the page's address.
    Query,
    /// After `&` in the path of the page's address, where the `?` is missing.
    Path,
    /// After `#` in the page's address.
    Fragment,
    /// In the referrer.
    Referrer,
    /// Remembered from an earlier page.
    Remembered,
}

/// One label found, for the debug view.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Found {
    /// Name as it stood, in small letters.
    pub name: String,
    /// Value, decoded and cut.
    pub value: String,
    /// Where.
    pub place: Place,
    /// Whether it is used: an earlier place wins over a later one.
    pub used: bool,
}

/// Something in the address that was not taken as it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "snake_case", tag = "code", content = "name")
)]
pub enum Warning {
    /// The address is longer than is read.
    UrlCut,
    /// More parameters than are read.
    TooManyParams,
    /// A value is longer than is kept.
    ValueCut(String),
    /// More levels than a label has; the rest stays in the last.
    TooManyLevels,
    /// An openstat label that does not decode to four parts.
    OpenstatUnreadable,
    /// The same parameter twice with different values; the first is used.
    Repeated(String),
    /// A template left unfilled, such as `{campaign_id}`: the advertising system did not know it.
    Unfilled(String),
}

/// What [`read_labels`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelReading {
    /// The labels to use.
    pub labels: Labels,
    /// Everything found, in the order of reading.
    pub found: Vec<Found>,
    /// What was not taken as it stood, at most [`crate::limits::LABEL_WARNINGS`].
    pub warnings: Vec<Warning>,
}

#[cfg(test)]
mod tests;
