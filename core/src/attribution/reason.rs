//! Why a candidate weighs what he weighs, and why nobody was credited: codes, and the words an
//! owner reads in English and Russian.

use super::{Call, PastHolder, Settings, page_open, remembered};
use crate::time::Millis;

/// What spoke for or against a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case", tag = "code")
)]
#[non_exhaustive]
pub enum Reason {
    /// He tapped the number this long before the call.
    Tapped {
        /// How long.
        ago_ms: Millis,
    },
    /// The caller's number called for him before.
    KnownCaller,
    /// He was active on the site during the call.
    Active,
    /// His page was open, last active this long ago.
    PageOpen {
        /// How long.
        ago_ms: Millis,
    },
    /// He had left, last active this long ago.
    Left {
        /// How long.
        ago_ms: Millis,
    },
    /// The number was given to another after him.
    GivenOn,
    /// He was shown another number since.
    ShownAnother,
    /// He had the number again for a later visit, which he is weighed by.
    CameAgain,
    /// He called already.
    CalledAlready,
    /// The caller's number is from his region.
    SameRegion,
    /// The caller's number is from another region.
    OtherRegion,
    /// He showed that he wants to get in touch.
    Intent,
    /// Longer ago than calls are linked to visits.
    TooLongAgo,
}

/// Why nobody was credited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Nobody {
    /// Nobody was ever shown the number.
    NeverLent,
    /// Nobody saw it within the window.
    TooLongAgo,
    /// Nobody had it at that moment, and the rule credits the present holder only.
    HeldByNobody,
    /// The likeliest was less likely than the owner asks for.
    NotSure,
}

/// The reasons of one candidate, the weightiest first. `came_again`: a later candidate is of the
/// same visitor.
pub(super) fn reasons(
    call: &Call,
    holder: &PastHolder,
    came_again: bool,
    settings: &Settings,
) -> Vec<Reason> {
    let ago_ms = call.at.since(holder.last_activity);
    let mut reasons = Vec::with_capacity(4);
    if let Some(tap) = holder.tap_at.filter(|_| !settings.ignore_taps)
        && holder.class.tapped
    {
        reasons.push(Reason::Tapped {
            ago_ms: call.at.since(tap),
        });
    }
    if remembered(call, settings).is_some_and(|known| known.visitor == holder.visitor) {
        reasons.push(Reason::KnownCaller);
    }
    reasons.push(if ago_ms > settings.window_ms {
        Reason::TooLongAgo
    } else if holder.active {
        Reason::Active
    } else if page_open(holder) {
        Reason::PageOpen { ago_ms }
    } else {
        Reason::Left { ago_ms }
    });
    if holder.class.intent {
        reasons.push(Reason::Intent);
    }
    if settings.regions.is_some() && call.region.is_known() && holder.region.is_known() {
        reasons.push(if call.region == holder.region {
            Reason::SameRegion
        } else {
            Reason::OtherRegion
        });
    }
    if holder.called {
        reasons.push(Reason::CalledAlready);
    }
    if came_again {
        reasons.push(Reason::CameAgain);
    } else if holder.moved {
        reasons.push(Reason::ShownAnother);
    } else if !holder.current {
        reasons.push(Reason::GivenOn);
    }
    reasons
}

impl Reason {
    /// The reason in English.
    pub fn en(self) -> String {
        match self {
            Self::Tapped { ago_ms } => {
                format!("tapped the number {} before the call", span_en(ago_ms))
            }
            Self::KnownCaller => "this caller has called for this visitor before".into(),
            Self::Active => "was active on the site".into(),
            Self::PageOpen { ago_ms } => {
                format!("page open, last active {} before the call", span_en(ago_ms))
            }
            Self::Left { ago_ms } => format!("last active {} before the call", span_en(ago_ms)),
            Self::GivenOn => "the number was given to another visitor after".into(),
            Self::ShownAnother => "was shown another number since".into(),
            Self::CameAgain => "came again later: weighed by that visit".into(),
            Self::CalledAlready => "has called already".into(),
            Self::SameRegion => "the caller's number is from the visitor's region".into(),
            Self::OtherRegion => "the caller's number is from another region".into(),
            Self::Intent => "showed the wish to get in touch".into(),
            Self::TooLongAgo => "too long ago to be linked to the visit".into(),
        }
    }

    /// The reason in Russian.
    pub fn ru(self) -> String {
        match self {
            Self::Tapped { ago_ms } => format!("нажал на номер за {} до звонка", span_ru(ago_ms)),
            Self::KnownCaller => "с этого номера уже звонил этот посетитель".into(),
            Self::Active => "был активен на сайте".into(),
            Self::PageOpen { ago_ms } => format!(
                "страница открыта, последнее действие за {} до звонка",
                span_ru(ago_ms)
            ),
            Self::Left { ago_ms } => format!("последнее действие за {} до звонка", span_ru(ago_ms)),
            Self::GivenOn => "после него номер выдан другому посетителю".into(),
            Self::ShownAnother => "позже видел другой номер".into(),
            Self::CameAgain => "позже пришёл снова: учтён в том визите".into(),
            Self::CalledAlready => "уже звонил".into(),
            Self::SameRegion => "номер звонящего из региона посетителя".into(),
            Self::OtherRegion => "номер звонящего из другого региона".into(),
            Self::Intent => "собирался связаться".into(),
            Self::TooLongAgo => "слишком давно, чтобы связать с визитом".into(),
        }
    }
}

impl Nobody {
    /// The reason in English.
    pub const fn en(self) -> &'static str {
        match self {
            Self::NeverLent => "no visitor was ever shown this number",
            Self::TooLongAgo => "no visitor saw this number recently enough",
            Self::HeldByNobody => "no visitor held this number at that moment",
            Self::NotSure => "no visitor is likely enough",
        }
    }

    /// The reason in Russian.
    pub const fn ru(self) -> &'static str {
        match self {
            Self::NeverLent => "этот номер не показывали ни одному посетителю",
            Self::TooLongAgo => "никто не видел этот номер достаточно недавно",
            Self::HeldByNobody => "в этот момент номер никому не был выдан",
            Self::NotSure => "ни один посетитель не достаточно вероятен",
        }
    }
}

/// The reason of an outcome that is none of a candidate's, in English and Russian: by the code that
/// the API tells.
pub fn outcome_words(code: &str) -> Option<(&'static str, &'static str)> {
    let nobody = |of: Nobody| Some((of.en(), of.ru()));
    match code {
        "never_lent" => nobody(Nobody::NeverLent),
        "too_long_ago" => nobody(Nobody::TooLongAgo),
        "held_by_nobody" => nobody(Nobody::HeldByNobody),
        "not_sure" => nobody(Nobody::NotSure),
        "known_caller" => Some((
            "this caller's earlier call was of this visitor",
            "прошлый звонок с этого номера был от этого посетителя",
        )),
        "static_number" => Some((
            "the number belongs to this source",
            "номер закреплён за этим источником",
        )),
        "reserve_number" => Some((
            "the reserve number: it is shown to everybody",
            "резервный номер: его видят все",
        )),
        "number_unknown" => Some((
            "the exchange did not say which number was dialled",
            "АТС не сообщила набранный номер",
        )),
        "number_not_ours" => Some(("not a number of the site", "не номер сайта")),
        "number_pasted" => Some((
            "many strangers call this number: it seems to be written somewhere for good",
            "номер набирает много посторонних: похоже, он где-то указан постоянно",
        )),
        "corrected" => Some(("corrected by hand", "исправлено вручную")),
        _ => None,
    }
}

/// A span of time in English.
fn span_en(span: Millis) -> String {
    span_in(span, ["s", "min", "h", "days"])
}

/// A span of time in Russian.
fn span_ru(span: Millis) -> String {
    span_in(span, ["с", "мин", "ч", "сут"])
}

fn span_in(span: Millis, units: [&str; 4]) -> String {
    let seconds = span.0 / 1000;
    let (value, unit) = match seconds {
        0..=119 => (seconds, units[0]),
        120..=7_199 => (seconds / 60, units[1]),
        7_200..=172_799 => (seconds / 3_600, units[2]),
        _ => (seconds / 86_400, units[3]),
    };
    format!("{value} {unit}")
}
