//! A touch as it travels with its visitor: short, because the page remembers it.

use super::VisitContext;
use ringlet_core::channel::Channel;
use ringlet_core::report::TouchRow;
use ringlet_core::time::UnixMillis;
use ringlet_core::touch::Touch;
use serde::{Deserialize, Serialize};

/// Characters kept of each of its texts: what tells campaigns apart stands at their beginning.
const TEXT_CHARS: usize = 64;

/// One contact of a visitor with the site. Written as a list, without names of members: ten of them
/// must fit beside a visit into what a page remembers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct BriefTouch(
    /// When, in seconds.
    u64,
    /// The channel.
    Channel,
    /// The source in one word, for people.
    String,
    /// The source as reports name it; empty if that is the same.
    String,
    /// The campaign.
    String,
    /// The key phrase.
    String,
    /// The first page.
    String,
);

impl BriefTouch {
    /// The touch that began the visit of `context` at `at`.
    pub(crate) fn of(at: UnixMillis, context: &VisitContext) -> Self {
        let row = TouchRow::from(&Touch {
            at,
            origin: context.origin.clone(),
            labels: context.labels.clone(),
            landing_page: context.landing_page.clone(),
        });
        let short = |text: &str| text.chars().take(TEXT_CHARS).collect::<String>();
        let prefix = format!("{}: ", context.origin.channel.name());
        let name = row.source.strip_prefix(&prefix).unwrap_or_default();
        let word = short(&context.source);
        let name = Some(short(name)).filter(|name| *name != word);
        Self(
            at.0 / 1000,
            context.origin.channel,
            word,
            name.unwrap_or_default(),
            short(&row.campaign),
            short(&row.keyword),
            short(&row.landing),
        )
    }

    /// Whether it names no source.
    pub(crate) fn is_direct(&self) -> bool {
        matches!(self.1, Channel::Direct | Channel::Internal)
    }

    /// The touch as calls show it.
    pub(crate) fn shown(&self) -> ShownTouch {
        let channel = self.1.name();
        let name = if self.3.is_empty() { &self.2 } else { &self.3 };
        ShownTouch {
            at: UnixMillis(self.0.saturating_mul(1000)),
            source: self.2.clone(),
            channel: channel.to_owned(),
            group: if name.is_empty() || name == channel {
                channel.to_owned()
            } else {
                format!("{channel}: {name}")
            },
            campaign: self.4.clone(),
            keyword: self.5.clone(),
            landing_page: self.6.clone(),
            is_direct: self.is_direct(),
        }
    }
}

/// One contact of a visitor with the site, as the API tells it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ShownTouch {
    /// When.
    pub at: UnixMillis,
    /// Its source, for people.
    pub source: String,
    /// Its channel.
    pub channel: String,
    /// The group that reports by source count it in.
    pub group: String,
    /// Its campaign; empty if none is named.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub campaign: String,
    /// Its key phrase; empty if none is named.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub keyword: String,
    /// Its first page.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub landing_page: String,
    /// From a bookmark or a typed address.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub is_direct: bool,
}

impl ShownTouch {
    /// The touch as reports count it.
    pub(crate) fn row(&self) -> TouchRow {
        TouchRow {
            at: self.at,
            source: if self.group.is_empty() {
                self.source.clone()
            } else {
                self.group.clone()
            },
            campaign: self.campaign.clone(),
            keyword: self.keyword.clone(),
            landing: self.landing_page.clone(),
            is_direct: self.is_direct,
        }
    }
}
