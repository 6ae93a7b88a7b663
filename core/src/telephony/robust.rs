//! What must hold for every adapter at once: no bytes make a panic, and nothing unproven is read.

use super::generic::SIGNATURE_HEADER;
use super::signature::{hmac_sha1, sha256, to_base64, to_hex};
use super::support::{Case, TEN};
use super::*;
use proptest::prelude::*;

/// Bodies that look like what exchanges send, and any bytes at all.
fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let field = prop::sample::select(vec![
        "event",
        "NOTIFY_START",
        "cmd",
        "history",
        "crm_token",
        "CallSid",
        "CallStatus",
        "ringing",
        "calls",
        "calls[0][id]",
        "numa",
        "numb",
        "variables",
        "uuid",
        "data",
        "call_session_id",
        "entry_id",
        "call_state",
        "Appeared",
        "phase",
        "start",
        "end",
        "id",
        "json",
        "duration",
        "79001112233",
        "anonymous",
        "1768471200",
        "2026-01-15 10:00:00",
        "-1",
        "{{x}}",
        "ф",
        "%FF",
        "cdr",
        "file_link",
        "timestamp",
        "talk_time",
        "start_epoch",
        "diversion",
        "<sip:x@y>",
    ]);
    let glue = prop::sample::select(vec![
        "=",
        "&",
        "{\"",
        "\":\"",
        "\",\"",
        "\"}",
        "[",
        "]",
        ":",
        ",",
        "{",
        "}",
        "--b\r\n",
        "\r\n\r\n",
        "Content-Disposition: form-data; name=\"",
        "\"",
        "+",
        "%2B",
        "null",
        "0",
    ]);
    let texts = proptest::collection::vec((field, glue), 0..16).prop_map(|parts| {
        parts
            .into_iter()
            .flat_map(|(a, b)| [a, b])
            .collect::<String>()
    });
    prop_oneof![
        texts.prop_map(String::into_bytes),
        proptest::collection::vec(any::<u8>(), 0..200),
    ]
}

fn content_types() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "",
        "application/json",
        "application/x-www-form-urlencoded; charset=windows-1251",
        "multipart/form-data; boundary=x",
    ])
}

/// A case whose signature is right for whatever `body` holds.
fn signed(provider: Provider, body: &[u8]) -> Case {
    let case = Case::new(provider).secret("s").path_secret();
    match provider {
        Provider::Generic => {
            let header = generic::sign(&Secret::new("s"), TEN.0 / 1000, body);
            case.header(SIGNATURE_HEADER, &header).body(body)
        }
        Provider::Twilio => {
            let mut case = case.header("content-type", "application/json").body(body);
            let digest = to_hex(&sha256(&[body]));
            case.url = format!("https://edge.example/x?bodySHA256={digest}");
            let tag = to_base64(&hmac_sha1(b"s", &[case.url.as_bytes()]));
            case.header("x-twilio-signature", &tag)
        }
        Provider::Mango => {
            let sign = to_hex(&sha256(&[b"k", body, b"s"]));
            let json = percent_encoding::percent_encode(body, percent_encoding::NON_ALPHANUMERIC);
            let mut case = case.body(format!("vpbx_api_key=k&sign={sign}&json={json}"));
            case.settings.key = Some(Secret::new("k"));
            case
        }
        Provider::Megafon => case.body([b"crm_token=s&", body].concat()),
        _ => case.body(body),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_bytes_make_a_panic(
        place in 0..Provider::ALL.len(),
        body in any_body(),
        kind in content_types(),
        get: bool,
    ) {
        let provider = Provider::ALL[place];
        let mut case = signed(provider, &body);
        if provider != Provider::Twilio {
            case = case.header("content-type", kind);
        }
        if get {
            case.method = "GET";
            case.url = format!("https://edge.example/x?{}", String::from_utf8_lossy(&body));
        }
        if let Ok(incoming) = case.run() {
            for event in &incoming.events {
                prop_assert!(!event.provider_call_id.is_empty());
                prop_assert!(event.dedupe_key.starts_with(provider.as_str()));
                let call = crate::call::CallRecord::new(event, &crate::call::CallerStorage::Plain);
                let _ = (call.status(), call.talk_s(), call.duration_s(), call.wait_s());
            }
            let _ = answer(provider, &incoming, &Route::default());
        }
    }

    #[test]
    fn nothing_unproven_is_read(
        place in 0..Provider::ALL.len(),
        body in any_body(),
        headers in proptest::collection::vec(("[a-z-]{1,12}", "\\PC{0,40}"), 0..4),
        path_secret in proptest::option::of("[a-z0-9-]{0,20}"),
    ) {
        let mut case = Case::new(Provider::ALL[place]).secret("a secret").path_secret().body(&body);
        for (name, value) in &headers {
            case = case.header(name, value);
        }
        case.path_secret = path_secret;
        prop_assert!(matches!(case.run(), Err(TelephonyError::Refused(_))));
    }
}

#[test]
fn an_error_tells_the_sender_nothing_of_its_reason() {
    for refusal in [
        Refusal::NotConfigured,
        Refusal::PathSecret,
        Refusal::Signature,
        Refusal::Stale,
    ] {
        let error = TelephonyError::Refused(refusal);
        assert_eq!(
            (error.status(), error.to_string().as_str()),
            (401, "The request is not authentic")
        );
    }
    assert_eq!(TelephonyError::TooLarge.status(), 413);
    assert_eq!(TelephonyError::Method.status(), 405);
}

#[test]
fn every_provider_has_one_name() {
    for provider in Provider::ALL {
        assert_eq!(Provider::parse(provider.as_str()), Some(provider));
        let json = serde_json::to_string(&provider).expect("JSON");
        assert_eq!(json, format!("\"{provider}\""));
    }
    assert_eq!(Provider::parse("comagic"), Some(Provider::Uis));
    assert_eq!(Provider::parse("Zadarma"), None);
}
