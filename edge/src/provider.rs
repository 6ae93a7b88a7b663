//! `…/calls/{provider}/{secret}`: what telephone exchanges report.
//!
//! The signature is checked over the bytes as they came, before anything of them is read. Who
//! cannot prove himself is told nothing, and the same whether the site, the provider or the
//! signature is wrong. The exchange is answered in its own language after the events are stored; if
//! they could not be, it hears 503 and sends them again.

use crate::clock;
use crate::http::ask::Ask;
use crate::http::encoding::Encoding;
use crate::http::reply::{Body, Handled, Reply};
use crate::log::{Level, Line};
use crate::message::{CallsAnswer, SiteAsk, SiteCommand, VERSION};
use crate::objects::{self, Class};
use crate::problems;
use crate::site_cache::{self, Site};
use crate::throttle;
use js_sys::Uint8Array;
use ringlet_core::api::detail::Detail;
use ringlet_core::api::problem::{Problem, ProblemCode};
use ringlet_core::api::route::RouteSpec;
use ringlet_core::telephony::answer::{Forward, Route};
use ringlet_core::telephony::{
    self, Ask as Wants, Incoming, KeptEvent, NumberPlan, Provider, RawRequest, SiteContext,
    TelephonyError,
};
use worker::Env;

/// Headers that some adapter reads: content type, signatures, times.
const HEADERS: [&str; 9] = [
    "content-type",
    "ringlet-signature",
    "signature",
    "x-twilio-signature",
    "telnyx-signature-ed25519",
    "telnyx-timestamp",
    "x-signature",
    "authorization",
    "user-agent",
];

/// Takes a provider's report.
///
/// # Errors
/// [`ProblemCode::Unauthorized`], [`ProblemCode::BodyTooLarge`], [`ProblemCode::NotJson`] for what
/// cannot be read, [`ProblemCode::Unavailable`].
pub(crate) async fn handle(spec: &RouteSpec, names: &[&str], ask: &Ask, env: &Env) -> Handled {
    let [site_id, provider, rest @ ..] = names else {
        return Err(Problem::new(ProblemCode::NotFound));
    };
    let body = ask.body(spec.body_bytes).await?;
    let site = site_cache::site(env, site_id, clock::now()).await;
    let site = site.map_err(|fault| problems::unavailable(&fault))?;
    let refused = || Problem::new(ProblemCode::Unauthorized);
    let provider = Provider::parse(provider);
    let (Some(site), Some(provider)) = (site, provider) else {
        return Err(refused());
    };
    let (incoming, kept) = verified(&site, provider, rest.first().copied(), ask, &body);
    if let Some(event) = kept {
        keep(env, site_id, event).await?;
    }
    let incoming = match incoming {
        Ok(incoming) => incoming,
        Err(error) => {
            throttle::webhook_refused(ask, site_id, provider, clock::now())?;
            return Err(told(error, &site, provider));
        }
    };
    let wants_route = incoming.ask == Wants::Route || incoming.ask == Wants::Contact;
    let answer = if incoming.events.is_empty() {
        CallsAnswer::default()
    } else {
        let command = SiteCommand::Calls {
            events: incoming.events.clone(),
            wants_route,
            passed_on: false,
        };
        let message = SiteAsk {
            v: VERSION,
            site: (*site_id).to_owned(),
            command,
        };
        let answer = objects::ask(env, Class::Site, site_id, &message).await;
        answer.map_err(|fault| problems::unavailable(&fault))?
    };
    if let Some(wait) = answer.retry_after_ms {
        return Err(Problem::too_many(wait));
    }
    if let Some(text) = whispered(provider, ask) {
        let route = Route {
            whisper: Some(text),
            language: Some(language(&site)),
            ..Route::default()
        };
        return Ok(reply(&telephony::answer::whisper_markup(&route)));
    }
    let url = whisper_url(provider, ask, &site);
    Ok(answered(provider, &incoming, answer, &site, url.as_deref()))
}

/// The parameter by which the exchange asks for what is said to the one who takes the call. Its
/// value is the sentence: nothing has to be kept for it, and Twilio signs the whole address.
const WHISPER: &str = "ringlet_whisper";

/// The sentence asked for, of providers that fetch it.
fn whispered(provider: Provider, ask: &Ask) -> Option<String> {
    fetches_whisper(provider).then(|| ask.parameter(WHISPER))?
}

const fn fetches_whisper(provider: Provider) -> bool {
    matches!(provider, Provider::Twilio | Provider::Telnyx)
}

/// The address that whispers, as the provider knows it; the sentence is still to be appended.
fn whisper_url(provider: Provider, ask: &Ask, site: &Site) -> Option<String> {
    let settings = site.config.telephony.get(&provider)?;
    let own = format!("{}{}", ask.origin, ask.path);
    let address = settings.public_url.clone().unwrap_or(own);
    (fetches_whisper(provider) && !address.contains('?')).then_some(address)
}

/// The language in which the company's people are told things.
fn language(site: &Site) -> String {
    match site.config.locale {
        ringlet_core::site::Locale::Ru => "ru-RU",
        ringlet_core::site::Locale::En => "en-US",
    }
    .to_owned()
}

/// What is said to the one who takes the call.
fn whisper_text(site: &Site, source: &str) -> String {
    match site.config.locale {
        ringlet_core::site::Locale::Ru => format!("Звонок с сайта, источник: {source}"),
        ringlet_core::site::Locale::En => format!("A call from the site, source: {source}"),
    }
}

fn verified(
    site: &Site,
    provider: Provider,
    secret: Option<&str>,
    ask: &Ask,
    body: &[u8],
) -> (Result<Incoming, TelephonyError>, Option<KeptEvent>) {
    let none = telephony::ProviderSettings::default();
    let settings = site.config.telephony.get(&provider).unwrap_or(&none);
    let headers: Vec<(String, String)> = HEADERS
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), ask.header(name)?)))
        .collect();
    let url = if ask.query.is_empty() {
        format!("{}{}", ask.origin, ask.path)
    } else {
        format!("{}{}?{}", ask.origin, ask.path, ask.query)
    };
    let remote_address = ask.header("cf-connecting-ip");
    let request = RawRequest {
        // HEAD is GET without the answer's body, here as everywhere.
        method: match ask.method.as_str() {
            "HEAD" => "GET",
            other => other,
        },
        url: &url,
        headers: &headers,
        body,
        path_secret: secret,
        remote_address: remote_address.as_deref(),
        received_at: clock::now(),
    };
    let context = SiteContext {
        plan: NumberPlan::new(site.config.country_code.as_u16()),
        time_zone: site.config.time_zone.clone(),
    };
    let incoming = telephony::verify_and_parse(provider, settings, &context, &request);
    let reason = match &incoming {
        Ok(incoming) => incoming.keep_raw.as_ref(),
        Err(TelephonyError::Unreadable { reason }) => Some(reason),
        Err(_) => None,
    };
    let kept = reason.map(|reason| KeptEvent::new(provider, settings, &request, reason));
    (incoming, kept)
}

/// Keeps what could not be understood. If that fails the exchange hears so and sends it again.
async fn keep(env: &Env, site_id: &str, event: KeptEvent) -> Result<(), Problem> {
    let message = SiteAsk {
        v: VERSION,
        site: site_id.to_owned(),
        command: SiteCommand::KeepEvent {
            event: Box::new(event),
        },
    };
    let answer = objects::ask(env, Class::Site, site_id, &message).await;
    let _: Kept = answer.map_err(|fault| problems::unavailable(&fault))?;
    Ok(())
}

/// That it was kept.
#[derive(serde::Deserialize)]
struct Kept {}

/// What the sender is told of a webhook that was not taken. The log counts it by provider.
fn told(error: TelephonyError, site: &Site, provider: Provider) -> Problem {
    let id = site.config.site.as_str();
    match error {
        TelephonyError::Unreadable { reason } => {
            let fault = format!("{provider}: unreadable");
            Line::new(Level::Warn, "webhook_unreadable")
                .site(id)
                .fault(&fault)
                .write();
            Problem::with_detail(ProblemCode::NotJson, Detail::Event(reason))
        }
        TelephonyError::TooLarge => Problem::new(ProblemCode::BodyTooLarge),
        TelephonyError::Method => Problem::new(ProblemCode::MethodNotAllowed),
        _ => {
            let fault = provider.as_str();
            Line::new(Level::Warn, "webhook_refused")
                .site(id)
                .fault(fault)
                .write();
            Problem::new(ProblemCode::Unauthorized)
        }
    }
}

fn answered(
    provider: Provider,
    incoming: &Incoming,
    found: CallsAnswer,
    site: &Site,
    whisper_url: Option<&str>,
) -> Reply {
    let phone = found.forward_phone.map(Forward::Phone);
    let source = found.caller_name.as_deref();
    let whisper = source.filter(|_| found.whisper);
    let whisper = whisper.map(|source| whisper_text(site, source));
    let whisper_url = whisper.as_ref().zip(whisper_url).map(|(text, address)| {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair(WHISPER, text)
            .finish();
        format!("{address}?{query}")
    });
    let route = Route {
        forward: phone.or_else(|| found.forward_sip.map(Forward::Sip)),
        caller_name: found.caller_name,
        whisper,
        language: Some(language(site)),
        responsible: found.extension,
        whisper_url,
    };
    reply(&telephony::answer(provider, incoming, &route))
}

fn reply(answer: &telephony::Answer) -> Reply {
    let bytes = Uint8Array::from(answer.body.as_slice());
    Reply {
        status: answer.status,
        headers: Vec::new(),
        body: Body::Bytes(bytes.into(), Encoding::Identity),
    }
    .with("content-type", answer.content_type)
    .with("cache-control", "no-store")
}
