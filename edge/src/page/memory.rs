//! What a page remembers for the edge, and which visit a page view belongs to.
//!
//! A later page of a visit knows nothing of the address that began it, and the edge keeps no
//! visitor but in his lease. So the page keeps the visit's context, and in short what brought the
//! visitor before, and sends it back. It could send anything, as it could with its address; it is
//! read as data and decides nothing but which source is shown.

use crate::message::{BriefTouch, PageIds, VisitContext};
use ringlet_core::limits::{MEMORY_CHARS, TOUCHES};
use ringlet_core::time::UnixMillis;
use ringlet_core::touch::{VISIT_GAP, least_needed};
use serde::{Deserialize, Serialize};

/// What a page remembers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    /// When the last page view of the visit was.
    pub at: UnixMillis,
    /// The context of the visit, without its earlier touches.
    pub visit: VisitContext,
    /// He was here in an earlier visit.
    pub returning: bool,
    /// What brought him in earlier visits, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<BriefTouch>,
}

impl Memory {
    /// Reads what a page sent; nothing if it sent nothing that can be understood.
    pub(super) fn read(text: Option<&str>) -> Option<Self> {
        let text = text.filter(|text| text.len() <= MEMORY_CHARS * 4)?;
        let mut memory: Self = serde_json::from_str(text).ok()?;
        memory.earlier.truncate(TOUCHES);
        memory.visit.earlier = core::mem::take(&mut memory.earlier);
        memory.visit.ids = memory.visit.ids.cleaned();
        Some(memory)
    }

    /// What the page of `context` is to remember.
    pub(super) fn of(context: &VisitContext, now: UnixMillis) -> Self {
        let mut visit = context.clone();
        let earlier = core::mem::take(&mut visit.earlier);
        visit.counts = false;
        Self {
            at: now,
            returning: visit.is_returning,
            visit,
            earlier,
        }
    }

    /// The text for the page with `ids` where it knew none.
    pub(super) fn with(mut self, ids: PageIds) -> Option<String> {
        self.visit.ids = core::mem::take(&mut self.visit.ids).or(ids);
        self.earlier = core::mem::take(&mut self.visit.earlier);
        self.write()
    }

    /// The text for the page, within its limit: what is long and least needed goes first.
    pub(super) fn write(mut self) -> Option<String> {
        let fits = |memory: &Self| {
            let text = serde_json::to_string(memory).ok()?;
            (text.chars().count() <= MEMORY_CHARS).then_some(text)
        };
        for cut in 0..4 {
            if let Some(text) = fits(&self) {
                return Some(text);
            }
            match cut {
                0 => self.visit.referrer.clear(),
                1 => {
                    if let Some(text) = self.write_fewer(&fits) {
                        return Some(text);
                    }
                }
                2 => self.visit.landing_page.clear(),
                _ => self.visit.labels.clicks.clear(),
            }
        }
        fits(&self)
    }

    /// Lets earlier touches go, the least needed first, until the rest fits.
    fn write_fewer(&mut self, fits: &impl Fn(&Self) -> Option<String>) -> Option<String> {
        while !self.earlier.is_empty() {
            // The touch of the visit itself is the last of all.
            let mut direct: Vec<bool> = self.earlier.iter().map(BriefTouch::is_direct).collect();
            direct.push(matches!(
                self.visit.origin.channel,
                ringlet_core::channel::Channel::Direct | ringlet_core::channel::Channel::Internal
            ));
            let place = least_needed(&direct).filter(|place| *place < self.earlier.len());
            self.earlier.remove(place.unwrap_or(self.earlier.len() - 1));
            self.visit.earlier_left_out += 1;
            if let Some(text) = fits(self) {
                return Some(text);
            }
        }
        None
    }

    /// Whether a page view now, which itself tells `arriving`, still belongs to the visit: it is
    /// soon enough and names no new source.
    pub(super) fn goes_on(
        &self,
        arriving: &VisitContext,
        names_source: bool,
        now: UnixMillis,
    ) -> bool {
        let soon = now.since(self.at) < VISIT_GAP && now >= self.at;
        let same = !names_source || arriving.labels == self.visit.labels;
        soon && same
    }

    /// The context of a page view that goes on with the visit.
    pub(super) fn same_visit(self, arriving: VisitContext) -> VisitContext {
        VisitContext {
            geo: arriving.geo,
            // What came late to an earlier page need not be on this one.
            ids: arriving.ids.or(self.visit.ids),
            pages: self.visit.pages.saturating_add(1),
            ..self.visit
        }
    }

    /// The context of a page view that begins another visit.
    pub(super) fn next_visit(self, mut arriving: VisitContext) -> VisitContext {
        let began_at = match self.visit.began_at {
            UnixMillis(0) => self.at,
            began_at => began_at,
        };
        let touch = BriefTouch::of(began_at, &self.visit);
        arriving.visits = self.visit.visits.max(1).saturating_add(1);
        arriving.pages = self.visit.pages.max(1).saturating_add(1);
        arriving.earlier_left_out = self.visit.earlier_left_out;
        arriving.earlier = self.visit.earlier;
        arriving.earlier.push(touch);
        while arriving.earlier.len() >= TOUCHES {
            arriving.earlier.remove(1);
            arriving.earlier_left_out += 1;
        }
        arriving
    }
}
