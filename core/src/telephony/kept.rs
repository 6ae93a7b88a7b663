//! Raw events kept for inspection: authentic, and not understood.
//!
//! A provider that changes its format must not cost a call: what it sent stays, bounded and for a
//! while, until somebody has looked. Secrets of the settings are blanked before anything is kept.
//!
//! Limits: [`KEPT_EVENTS_MAX`] a site, [`KEPT_EVENTS_AGE_MAX`].

use super::signature::{from_base64, to_base64};
use super::{Provider, ProviderSettings, RawRequest, Secret};
use crate::site::Text;
use crate::time::{Millis, UnixMillis};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

/// At most this many a site, the oldest go first: 200 of 64 kB are 12.8 MB, a hundredth of what an
/// object may store.
pub const KEPT_EVENTS_MAX: usize = 200;

/// 14 days: two weekends in which nobody looks.
pub const KEPT_EVENTS_AGE_MAX: Millis = Millis::from_mins(14 * 24 * 60);

/// Shorter secrets are not blanked: they would blank what is no secret too.
const BLANKED_BYTES_MIN: usize = 4;

/// A raw event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptEvent {
    /// Who sent it.
    pub provider: Provider,
    /// When.
    pub received_at: UnixMillis,
    /// Why it was not understood.
    pub reason: String,
    /// The same in Russian; an earlier version kept the English alone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason_ru: String,
    /// `content-type` as sent.
    pub content_type: String,
    /// The query of the address.
    pub query: String,
    /// The body: text, or base 64 of what is no text.
    pub body: String,
    /// Whether the body is base 64.
    pub is_base64: bool,
}

impl KeptEvent {
    /// Keeps `request` without the secrets of `settings`.
    pub fn new(
        provider: Provider,
        settings: &ProviderSettings,
        request: &RawRequest<'_>,
        reason: &Text,
    ) -> Self {
        let blank = |text: &str| blanked(text, settings);
        let text = std::str::from_utf8(request.body);
        Self {
            provider,
            received_at: request.received_at,
            reason: blank(&reason.en),
            reason_ru: blank(&reason.ru),
            content_type: blank(request.content_type()),
            query: blank(request.query()),
            body: text.map_or_else(|_| to_base64(request.body), blank),
            is_base64: text.is_err(),
        }
    }
}

impl KeptEvent {
    /// With its reason in one language.
    #[must_use]
    pub fn told(mut self, russian: bool) -> Self {
        let told = core::mem::take(&mut self.reason_ru);
        if russian && !told.is_empty() {
            self.reason = told;
        }
        self
    }

    /// The body as it was sent, secrets blanked; nothing if what is kept of it is not whole.
    pub(crate) fn body_bytes(&self) -> Option<Vec<u8>> {
        if self.is_base64 {
            from_base64(&self.body)
        } else {
            Some(self.body.as_bytes().to_vec())
        }
    }
}

fn blanked(text: &str, settings: &ProviderSettings) -> String {
    let mut text = text.to_owned();
    let secrets = settings.secrets.iter().chain(&settings.path_secrets);
    for secret in secrets.chain(&settings.key).map(Secret::expose) {
        if secret.len() < BLANKED_BYTES_MIN {
            continue;
        }
        // As it is, and as forms and addresses write it.
        let encoded = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        let spaced = encoded.replace("%20", "+");
        let plain = secret.replace(' ', "+");
        for written in [secret, &encoded, &spaced, &plain] {
            text = text.replace(written, "…");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::signature::{hmac_sha1, to_hex};
    use super::super::support::{Case, TEN};
    use super::super::{SiteContext, reread};
    use super::*;

    fn why() -> Text {
        Text::of("why", "почему")
    }

    #[test]
    fn a_kept_event_holds_no_secret() {
        let settings = Case::new(Provider::Megafon)
            .secret("the token")
            .path_secret()
            .settings;
        let keep = |body: &[u8]| {
            let request = RawRequest {
                method: "POST",
                url: "https://edge.example/x?a=path-secret-0001",
                headers: &[("Content-Type".to_owned(), "text/plain".to_owned())],
                body,
                path_secret: None,
                remote_address: None,
                received_at: TEN,
            };
            KeptEvent::new(Provider::Megafon, &settings, &request, &why())
        };
        let kept = keep(b"cmd=dance&crm_token=the token");
        assert_eq!(kept.body, "cmd=dance&crm_token=…");
        assert_eq!(keep(b"crm_token=the+token&x=1").body, "crm_token=…&x=1");
        assert_eq!(keep(b"crm_token=the%20token").body, "crm_token=…");
        assert_eq!(
            (kept.query.as_str(), kept.content_type.as_str()),
            ("a=…", "text/plain")
        );
        assert!(!kept.is_base64);
        let odd = keep(b"\xff\xfe");
        assert_eq!((odd.body.as_str(), odd.is_base64), ("//4=", true));
    }

    #[test]
    fn a_kept_event_is_read_once_its_adapter_can() {
        let settings = Case::new(Provider::Zadarma)
            .secret("secret")
            .path_secret()
            .settings;
        let body = b"event=NOTIFY_START&call_start=2026-01-15+13%3A00%3A00&pbx_call_id=in_abc\
                     &caller_id=79001112233&called_did=74951234567";
        let tag = to_hex(&hmac_sha1(b"other", &[b"x"]));
        let request = RawRequest {
            method: "POST",
            url: "https://edge.example/x",
            headers: &[
                (
                    "content-type".to_owned(),
                    "application/x-www-form-urlencoded".to_owned(),
                ),
                ("signature".to_owned(), tag),
            ],
            body,
            path_secret: None,
            remote_address: None,
            received_at: TEN,
        };
        let kept = KeptEvent::new(Provider::Zadarma, &settings, &request, &why());
        let site = SiteContext {
            plan: super::super::NumberPlan::new(7),
            time_zone: "Europe/Moscow".to_owned(),
        };
        let incoming = reread(&settings, &site, &kept).expect("an event");
        assert_eq!(incoming.events[0].provider_call_id, "in_abc");
        let mut still = kept.clone();
        still.body = "event=DANCE".to_owned();
        let unknown = reread(&settings, &site, &still).expect("read, not understood");
        assert!(unknown.events.is_empty() && unknown.keep_raw.is_some());
        let asterisk = KeptEvent {
            provider: Provider::Asterisk,
            body: "event=start&linkedid=7.1&did=74951234567".to_owned(),
            ..kept.clone()
        };
        let incoming = reread(&settings, &site, &asterisk).expect("proven by its path then");
        assert_eq!(incoming.events[0].provider_call_id, "7.1");
        let mut cut = kept;
        (cut.body, cut.is_base64) = ("%".to_owned(), true);
        assert!(reread(&settings, &site, &cut).is_err());
    }
}
