//! What a page remembers for the edge, and which visit a page view belongs to.
//!
//! A later page of a visit knows nothing of the address that began it, and the edge keeps no
//! visitor but in his lease. So the page keeps the visit's context and sends it back. It could send
//! anything, as it could with its address; it is read as data and decides nothing but which source
//! is shown.

use crate::message::VisitContext;
use ringlet_core::limits::MEMORY_CHARS;
use ringlet_core::time::{Millis, UnixMillis};
use serde::{Deserialize, Serialize};

/// A visit ends after half an hour without a page view: the field's and every analytics' measure.
const VISIT_ENDS_AFTER: Millis = Millis::from_mins(30);

/// What a page remembers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    /// When the last page view of the visit was.
    pub at: UnixMillis,
    /// The context of the visit.
    pub visit: VisitContext,
    /// He was here in an earlier visit.
    pub returning: bool,
}

impl Memory {
    /// Reads what a page sent; nothing if it sent nothing that can be understood.
    pub(super) fn read(text: Option<&str>) -> Option<Self> {
        let text = text.filter(|text| text.len() <= MEMORY_CHARS * 4)?;
        serde_json::from_str(text).ok()
    }

    /// The text for the page, within its limit: what is long and least needed goes first.
    pub(super) fn write(mut self) -> Option<String> {
        for cut in 0..3 {
            let text = serde_json::to_string(&self).ok()?;
            if text.chars().count() <= MEMORY_CHARS {
                return Some(text);
            }
            match cut {
                0 => self.visit.referrer.clear(),
                1 => self.visit.landing_page.clear(),
                _ => self.visit.labels.clicks.clear(),
            }
        }
        let text = serde_json::to_string(&self).ok()?;
        (text.chars().count() <= MEMORY_CHARS).then_some(text)
    }

    /// Whether a page view now, which itself tells `arriving`, still belongs to the visit: it is
    /// soon enough and names no new source.
    pub(super) fn goes_on(
        &self,
        arriving: &VisitContext,
        names_source: bool,
        now: UnixMillis,
    ) -> bool {
        let soon = now.since(self.at) <= VISIT_ENDS_AFTER && now >= self.at;
        let same = !names_source || arriving.labels == self.visit.labels;
        soon && same
    }
}
