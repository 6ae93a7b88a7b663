//! Words that owners put into `utm_medium` and at the head of Roistat labels.
//!
//! Sources: Google's documentation of the default channel group of its Analytics (utm_medium),
//! Roistat's documentation of link tagging (heads of labels such as `direct4`, `google1`, `vk4`),
//! and the mediums in common use on Russian sites.

use super::Channel;

const MEDIUMS: &[(Channel, &[&str])] = &[
    (
        Channel::Paid,
        &[
            "cpc",
            "ppc",
            "paid",
            "paidsearch",
            "paid-search",
            "paid_search",
            "sem",
            "context",
        ],
    ),
    (
        Channel::Display,
        &[
            "display",
            "banner",
            "banners",
            "expandable",
            "interstitial",
            "cpm",
            "cpv",
            "cpa_display",
            "media",
            "rtb",
            "programmatic",
            "retargeting",
            "remarketing",
            "video",
            "teaser",
        ],
    ),
    (
        Channel::Social,
        &[
            "social",
            "social-network",
            "social_network",
            "social-media",
            "social_media",
            "sm",
            "smm",
            "social network",
            "social media",
            "social_cpc",
            "paid_social",
            "paid-social",
            "paidsocial",
            "post",
            "stories",
            "story",
            "target",
            "targeting",
            "blogger",
            "bloggers",
            "influencer",
        ],
    ),
    (
        Channel::Messenger,
        &[
            "messenger",
            "messengers",
            "telegram",
            "tg",
            "whatsapp",
            "viber",
            "sms",
            "bot",
            "chat",
        ],
    ),
    (
        Channel::Email,
        &[
            "email",
            "e-mail",
            "e_mail",
            "e mail",
            "newsletter",
            "mailing",
            "mail",
        ],
    ),
    (Channel::Organic, &["organic", "seo"]),
    (
        Channel::Referral,
        &[
            "referral",
            "referer",
            "link",
            "partner",
            "partners",
            "affiliate",
            "cpa",
            "app",
            "pr",
            "article",
            "catalog",
            "maps",
            "map",
        ],
    ),
    (
        Channel::Offline,
        &[
            "offline",
            "qr",
            "qrcode",
            "qr-code",
            "qr_code",
            "print",
            "radio",
            "tv",
            "ooh",
            "outdoor",
            "billboard",
            "flyer",
            "leaflet",
            "booklet",
            "magazine",
            "newspaper",
            "card",
            "poster",
        ],
    ),
    (Channel::Direct, &["direct", "(none)", "none"]),
];

/// Heads of Roistat labels: the first level without the number of its project.
const HEADS: &[(Channel, &[&str])] = &[
    (
        Channel::Paid,
        &[
            "direct",
            "yandexdirect",
            "yd",
            "google",
            "googleads",
            "adwords",
            "ads",
            "market",
            "ymarket",
            "bing",
        ],
    ),
    (
        Channel::Display,
        &[
            "mytarget", "target", "admitad", "banner", "rtb", "criteo", "rsya", "kms",
        ],
    ),
    (
        Channel::Social,
        &[
            "vk",
            "vkads",
            "vkontakte",
            "fb",
            "facebook",
            "instagram",
            "inst",
            "ig",
            "ok",
            "odnoklassniki",
            "tiktok",
            "youtube",
            "dzen",
            "zen",
            "linkedin",
            "twitter",
        ],
    ),
    (
        Channel::Messenger,
        &["tg", "telegram", "whatsapp", "wa", "viber", "sms", "bot"],
    ),
    (
        Channel::Email,
        &[
            "email",
            "mail",
            "mailing",
            "unisender",
            "sendpulse",
            "mailchimp",
            "sendsay",
        ],
    ),
    (Channel::Organic, &["seo", "organic"]),
    (
        Channel::Referral,
        &[
            "partner", "cpa", "avito", "2gis", "zoon", "yell", "cian", "catalog",
        ],
    ),
    (
        Channel::Offline,
        &[
            "qr",
            "offline",
            "radio",
            "tv",
            "print",
            "billboard",
            "flyer",
            "leaflet",
            "magazine",
            "newspaper",
            "outdoor",
            "card",
        ],
    ),
];

fn find(list: &[(Channel, &[&str])], word: &str) -> Option<Channel> {
    list.iter()
        .find(|(_, words)| words.contains(&word))
        .map(|(channel, _)| *channel)
}

/// The channel that a `utm_medium` names.
pub(super) fn of_medium(medium: &str) -> Option<Channel> {
    let medium = medium.trim().to_lowercase();
    find(MEDIUMS, &medium)
}

/// The channel that the first level of a Roistat label names, its trailing number aside.
pub(super) fn of_head(level: &str) -> Option<Channel> {
    let level = level.trim().to_lowercase();
    find(HEADS, &level)
        .or_else(|| find(HEADS, level.trim_end_matches(|c: char| c.is_ascii_digit())))
}

/// Whether a `utm_source` is a social network, so that paying for it makes it no search.
pub(super) fn is_social(source: &str) -> bool {
    of_head(source) == Some(Channel::Social)
}
