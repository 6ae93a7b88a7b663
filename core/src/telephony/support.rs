//! What the adapters' tests share.

use super::*;

/// 2026-01-15 10:00:00 UTC, the instant of the vectors.
pub(super) const TEN: UnixMillis = UnixMillis(1_768_471_200_000);

/// A site in Moscow.
pub(super) fn site() -> SiteContext {
    SiteContext {
        plan: NumberPlan::new(7),
        time_zone: "Europe/Moscow".to_owned(),
    }
}

/// A request and the settings it meets, changed field by field.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) provider: Provider,
    pub(super) settings: ProviderSettings,
    pub(super) method: &'static str,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) path_secret: Option<String>,
    pub(super) received_at: UnixMillis,
}

impl Case {
    pub(super) fn new(provider: Provider) -> Self {
        Self {
            provider,
            settings: ProviderSettings::default(),
            method: "POST",
            url: format!("https://edge.example/v1/sites/demo/calls/{provider}/path-secret-0001"),
            headers: vec![],
            body: vec![],
            path_secret: Some("path-secret-0001".to_owned()),
            received_at: TEN,
        }
    }

    pub(super) fn secret(mut self, secret: &str) -> Self {
        self.settings.secrets.push(Secret::new(secret));
        self
    }

    pub(super) fn path_secret(mut self) -> Self {
        self.settings.path_secrets = vec![Secret::new("path-secret-0001")];
        self
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(key, _)| key != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    pub(super) fn at(mut self, seconds_later: i64) -> Self {
        self.received_at = UnixMillis(TEN.0.saturating_add_signed(seconds_later * 1000));
        self
    }

    pub(super) fn run(&self) -> Result<Incoming, TelephonyError> {
        let request = RawRequest {
            method: self.method,
            url: &self.url,
            headers: &self.headers,
            body: &self.body,
            path_secret: self.path_secret.as_deref(),
            remote_address: Some("192.0.2.1"),
            received_at: self.received_at,
        };
        verify_and_parse(self.provider, &self.settings, &site(), &request)
    }

    /// The one event of this case.
    #[track_caller]
    pub(super) fn event(&self) -> CallEvent {
        let mut events = self.run().expect("a valid webhook").events;
        assert_eq!(events.len(), 1, "{events:?}");
        events.remove(0)
    }

    #[track_caller]
    pub(super) fn refused(&self, expected: Refusal) {
        assert_eq!(self.run(), Err(TelephonyError::Refused(expected)));
    }

    #[track_caller]
    pub(super) fn unreadable(&self, expected: &str) {
        match self.run() {
            Err(TelephonyError::Unreadable { reason }) => {
                assert_eq!(reason.en, expected);
                let cyrillic = |of: char| ('а'..='я').contains(&of);
                assert!(reason.ru.contains(cyrillic), "{}", reason.ru);
            }
            other => panic!("expected unreadable, got {other:?}"),
        }
    }

    /// Asserts that flipping any one bit of the body refuses the webhook, or makes it unreadable:
    /// never an event.
    pub(super) fn every_flipped_bit_of_the_body_is_refused(&self) {
        self.run().expect("valid as it is");
        for place in 0..self.body.len() {
            for bit in 0..8 {
                let mut case = self.clone();
                case.body[place] ^= 1 << bit;
                let run = case.run();
                assert!(run.is_err(), "byte {place} bit {bit}: {run:?}");
            }
        }
    }

    /// Asserts that flipping any one bit of a header's value refuses the webhook.
    pub(super) fn every_flipped_bit_of_the_header_is_refused(&self, name: &str) {
        self.run().expect("valid as it is");
        let value = self.headers.iter().find(|(key, _)| key == name);
        let value = &value.expect("the header").1;
        for place in 0..value.len() {
            for bit in 0..7 {
                let mut bytes = value.clone().into_bytes();
                bytes[place] ^= 1 << bit;
                let Ok(changed) = String::from_utf8(bytes) else {
                    continue;
                };
                let run = self.clone().header(name, &changed).run();
                assert!(run.is_err(), "byte {place} bit {bit}: {run:?}");
            }
        }
    }

    /// What every provider must refuse, whatever it speaks.
    pub(super) fn common_refusals(&self) {
        self.run().expect("valid as it is");
        let large = self.clone().body("x".repeat(BODY_BYTES_MAX + 1));
        assert_eq!(large.run(), Err(TelephonyError::TooLarge));
        let mut method = self.clone();
        method.method = "DELETE";
        assert_eq!(method.run(), Err(TelephonyError::Method));
        let mut unset = self.clone();
        unset.settings = ProviderSettings::default();
        unset.refused(Refusal::NotConfigured);
        let mut path = self.clone().path_secret();
        path.path_secret = Some("path-secret-0002".into());
        path.refused(Refusal::PathSecret);
        path.path_secret = None;
        path.refused(Refusal::PathSecret);
        path.path_secret = Some(String::new());
        path.refused(Refusal::PathSecret);
        let mut address = self.clone();
        address.settings.addresses = vec!["198.51.100.0/24".into()];
        address.refused(Refusal::Address);
        address.settings.addresses.push("192.0.2.1".into());
        address.run().expect("a listed address");
        if self.provider.has_signature() {
            let mut other = self.clone();
            for secret in &mut other.settings.secrets {
                *secret = Secret::new(&format!("{}x", secret.expose()));
            }
            assert!(matches!(other.run(), Err(TelephonyError::Refused(_))));
            let mut rotated = self.clone();
            rotated
                .settings
                .secrets
                .insert(0, Secret::new("the next secret"));
            rotated
                .run()
                .expect("the former secret holds during rotation");
        }
    }
}

impl Case {
    /// Like [`Case::every_flipped_bit_of_the_body_is_refused`], where the body has more than one
    /// spelling of the same fields (`%7B`, `%7b`): then the event must be the very same.
    pub(super) fn every_flipped_bit_of_the_body_is_refused_or_same(&self) {
        let right = self.run().expect("valid as it is");
        for place in 0..self.body.len() {
            for bit in 0..8 {
                let mut case = self.clone();
                case.body[place] ^= 1 << bit;
                if let Ok(run) = case.run() {
                    assert_eq!(run, right, "byte {place} bit {bit}");
                }
            }
        }
    }
}
