//! What a provider is told: the way of the call, who calls, or that all was stored, in its own
//! language.
//!
//! An answer to a ringing call must be ready at once: make the [`Route`] from the live lease, never
//! from an analysis of history. An empty route is always a valid answer: the call goes on as the
//! provider was set up.

use super::{Ask, Incoming, Provider};
use crate::phone::E164;

/// A response for the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `content-type`; always sent together with `x-content-type-options: nosniff`.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

/// Where a call should go and what the one who takes it should know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// The company's own line.
    pub forward: Option<Forward>,
    /// What the company's telephone shows: the source, the customer's name.
    pub caller_name: Option<String>,
    /// What is said to the one who takes the call, before the caller is put through.
    pub whisper: Option<String>,
    /// Language of the whisper: `ru-RU`, `en-US`.
    pub language: Option<String>,
    /// Who should take it, by the provider's own name for him: a login (MegaFon), an extension
    /// (Zadarma redirects calls through one).
    pub responsible: Option<String>,
    /// The address that [`Dialect::Markup`] may fetch the whisper from; see [`whisper_markup`].
    pub whisper_url: Option<String>,
}

/// The company's own line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forward {
    /// A telephone number.
    Phone(E164),
    /// A SIP address, with or without `sip:`.
    Sip(String),
}

/// 400 characters: as much as can be said while a caller waits (about half a minute).
const SPOKEN_CHARS_MAX: usize = 400;

pub(crate) const JSON: &str = "application/json";
pub(crate) const XML: &str = "text/xml; charset=utf-8";
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

/// Answers `incoming` from `provider`.
pub fn answer(provider: Provider, incoming: &Incoming, route: &Route) -> Answer {
    if let Ask::Echo(text) = &incoming.ask {
        return Answer::text(text);
    }
    match provider {
        Provider::Asterisk => super::asterisk::reply(incoming, route),
        Provider::Generic => super::generic::reply(incoming, route),
        Provider::Megafon => super::megafon::reply(incoming, route),
        Provider::Telnyx | Provider::Twilio => super::twilio::reply(incoming, route),
        Provider::Uis => super::uis::reply(incoming, route),
        Provider::Novofon | Provider::Zadarma => super::zadarma::reply(incoming, route),
        Provider::Calltouch | Provider::Freeswitch | Provider::Mango => {
            Answer::json(&serde_json::json!({}))
        }
    }
}

/// The markup that speaks `route`'s whisper; what stands at [`Route::whisper_url`].
pub fn whisper_markup(route: &Route) -> Answer {
    let mut markup = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>");
    if let Some(text) = &route.whisper {
        let language = route.language.as_deref().unwrap_or("en-US");
        markup.push_str("<Say language=\"");
        push_escaped(&mut markup, language);
        markup.push_str("\">");
        let spoken: String = text.chars().take(SPOKEN_CHARS_MAX).collect();
        push_escaped(&mut markup, &spoken);
        markup.push_str("</Say>");
    }
    markup.push_str("</Response>");
    Answer::xml(markup)
}

/// Appends `text` so that XML reads it back; characters XML cannot hold are left out.
pub(crate) fn push_escaped(markup: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '<' => markup.push_str("&lt;"),
            '>' => markup.push_str("&gt;"),
            '&' => markup.push_str("&amp;"),
            '"' => markup.push_str("&quot;"),
            '\'' => markup.push_str("&apos;"),
            '\t' | '\n' | '\r' => markup.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => markup.push(c),
        }
    }
}

impl Answer {
    pub(crate) fn xml(markup: String) -> Self {
        Self {
            status: 200,
            content_type: XML,
            body: markup.into_bytes(),
        }
    }

    pub(crate) fn json(value: &serde_json::Value) -> Self {
        Self {
            status: 200,
            content_type: JSON,
            body: value.to_string().into_bytes(),
        }
    }

    pub(crate) fn text(text: &str) -> Self {
        Self {
            status: 200,
            content_type: TEXT,
            body: text.as_bytes().to_vec(),
        }
    }
}
