//! What must hold for every adapter, by one table (`table.rs`): every form of body is read alike,
//! what nobody knows is kept, nothing that was changed is taken, and the order does not matter.

use super::signature::to_base64;
use super::support::{Case, TEN};
use super::table::*;
use super::*;
use crate::call::{CallRecord, CallStatus, CallerStorage, StoredCaller};
use ed25519_dalek::SigningKey;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

#[test]
fn the_table_has_every_provider() {
    for provider in Provider::ALL {
        assert!(
            ALL.iter().any(|speaks| speaks.provider() == provider),
            "{provider}"
        );
    }
}

#[test]
fn every_form_of_body_says_the_same_and_keeps_what_nobody_knows() {
    for speaks in ALL {
        for told in speaks.life() {
            let first = speaks.send(&told, Written::Form).run().expect("valid");
            for event in &first.events {
                let kept = event
                    .extra
                    .iter()
                    .find(|(name, _)| name.ends_with("novel_field"));
                assert_eq!(
                    kept.map(|(_, value)| value.as_str()),
                    Some("kept"),
                    "{speaks:?}"
                );
            }
            for written in BODIES {
                let read = speaks.send(&told, written).run();
                let read = read.unwrap_or_else(|error| panic!("{speaks:?} {written:?} {error}"));
                assert_eq!(read.events, first.events, "{speaks:?} {written:?}");
            }
        }
        let start = &speaks.start().run().expect("valid").events[0];
        let digits = |number: Option<crate::phone::E164>| number.map(|number| number.to_string());
        assert_eq!(digits(start.caller).as_deref(), Some(WHO), "{speaks:?}");
        assert_eq!(digits(start.dialed).as_deref(), Some(DID), "{speaks:?}");
        assert_eq!(start.direction, Direction::In);
    }
}

#[test]
fn no_bit_may_change_where_the_event_is_signed() {
    for speaks in ALL {
        let case = speaks.start();
        case.common_refusals();
        match speaks {
            // A signature takes a hundred times as long as a keyed hash: one bit of each byte.
            Telnyx | Texml => {
                for place in 0..case.body.len() {
                    let mut bent = case.clone();
                    bent.body[place] ^= 1 << (place % 8);
                    bent.refused(Refusal::Signature);
                }
            }
            _ if speaks.signs_all() => case.every_flipped_bit_of_the_body_is_refused_or_same(),
            _ => {}
        }
        // Of Telnyx's header its own test flips every bit.
        if let Some(name) = speaks
            .header()
            .filter(|_| !matches!(speaks, Telnyx | Texml))
        {
            case.every_flipped_bit_of_the_header_is_refused(name);
        }
    }
}

#[test]
fn what_zadarma_and_megafon_prove_by_a_field_is_that_field_alone() {
    for (speaks, proofs) in [
        (Zadarma, &["caller_id", "called_did", "call_start"][..]),
        (Novofon, &["caller_id", "called_did", "call_start"]),
        (Megafon, &["crm_token"]),
    ] {
        let case = speaks.start();
        let text = String::from_utf8(case.body.clone()).expect("text");
        for name in proofs {
            let escaped = utf8_percent_encode(name, NON_ALPHANUMERIC).to_string();
            let from = text.find(&format!("{escaped}=")).expect("the field") + escaped.len() + 1;
            let to = text[from..].find('&').map_or(text.len(), |end| from + end);
            for place in from..to {
                for bit in 0..8 {
                    let mut bent = case.clone();
                    bent.body[place] ^= 1 << bit;
                    // `%2D` and `%2d` are one spelling of the same.
                    if let Ok(run) = bent.run() {
                        assert_eq!(Ok(run), case.run(), "{speaks:?} {name} {place} {bit}");
                    }
                }
            }
        }
    }
}

#[test]
fn no_bit_of_the_path_s_secret_may_change() {
    for speaks in ALL {
        let case = speaks.start();
        let secret = case.path_secret.clone().expect("one");
        for place in 0..secret.len() {
            for bit in 0..7 {
                let mut bytes = secret.clone().into_bytes();
                bytes[place] ^= 1 << bit;
                let mut bent = case.clone();
                bent.path_secret = String::from_utf8(bytes).ok();
                bent.refused(Refusal::PathSecret);
            }
        }
    }
}

#[test]
fn another_secret_and_another_address_are_refused() {
    for speaks in ALL {
        let case = speaks.start();
        // Another site's: its path, its secrets.
        let mut other = case.clone();
        other.settings.path_secrets = vec![Secret::new("path-secret-0002")];
        other.refused(Refusal::PathSecret);
        if !case.settings.secrets.is_empty() {
            let mut other = case.clone();
            let key = to_base64(SigningKey::from_bytes(&[8; 32]).verifying_key().as_bytes());
            other.settings.secrets = vec![Secret::new(&key)];
            assert!(
                matches!(other.run(), Err(TelephonyError::Refused(_))),
                "{speaks:?}"
            );
        }
        if speaks == Twilio {
            let mut other = case.clone();
            other.url = other.url.replace("/demo/", "/else/");
            other.refused(Refusal::Signature);
        }
    }
    let json = Twilio.send(&Twilio.life()[0], Written::Json);
    let mut other = json.clone();
    other.url += "&x=1";
    other.refused(Refusal::Signature);
    let mut other = json;
    other.url = other.url.replace("?bodySHA256=", "?bodysha256=");
    other.refused(Refusal::Signature);
}

#[test]
fn what_is_too_old_or_too_new_is_refused() {
    for speaks in ALL {
        // MegaFon's notices have no time; its record of the call has.
        let told = if speaks == Megafon { 3 } else { 0 };
        let case = speaks.send(&speaks.life()[told], Written::Form);
        let window_s = match speaks {
            Generic | Telnyx | Texml => 300,
            _ => 7 * 86_400,
        };
        // FreeSWITCH tells at the end, Asterisk's start at its start.
        let at_s = if speaks == Freeswitch { 72 } else { 0 };
        for (later, is_in_time) in [
            (window_s, true),
            (window_s + 1, false),
            (-window_s, true),
            (-window_s - 1, false),
        ] {
            let run = case.clone().at(at_s + later).run();
            if is_in_time {
                run.unwrap_or_else(|error| panic!("{speaks:?} {later}: {error}"));
            } else {
                assert_eq!(
                    run,
                    Err(TelephonyError::Refused(Refusal::Stale)),
                    "{speaks:?} {later}"
                );
            }
        }
    }
}

#[test]
fn the_same_event_again_has_the_same_key_and_another_has_another() {
    for speaks in ALL {
        let mut keys = std::collections::BTreeSet::new();
        let mut events = 0;
        for told in speaks.life() {
            let case = speaks.send(&told, Written::Form);
            let once = case.run().expect("valid").events;
            let late = case.at(200).run().expect("valid").events;
            for (once, late) in once.iter().zip(&late) {
                assert_eq!(once.dedupe_key, late.dedupe_key, "{speaks:?}");
            }
            events += once.len();
            keys.extend(once.into_iter().map(|event| event.dedupe_key));
        }
        assert_eq!(keys.len(), events, "{speaks:?} {keys:?}");
    }
}

/// Where a call goes, and who it is from, in the language of everyone who asks while it rings.
#[test]
fn a_ringing_call_is_answered_with_its_way_and_its_source() {
    let route = |forward| Route {
        forward: Some(forward),
        caller_name: Some("yandex / spring".to_owned()),
        whisper: Some("From Yandex".to_owned()),
        responsible: Some("101".to_owned()),
        whisper_url: Some("https://edge.example/w".to_owned()),
        ..Route::default()
    };
    let number = crate::phone::E164::parse("79990001122").expect("a number");
    let phone = answer::Forward::Phone(number);
    let sip = answer::Forward::Sip("shop@pbx.example".to_owned());
    let says = |speaks: Speaks, case: Case, forward| {
        let incoming = case.run().expect("valid");
        let reply = answer(speaks.provider(), &incoming, &route(forward));
        String::from_utf8(reply.body).expect("text")
    };
    // What each can be told; those that are not asked, or report calls that are over, say nothing.
    let interactive = Told::Flat(fields(&[("cdr_id", "5"), ("numa", WHO), ("numb", DID)]));
    let contact = Told::Flat(fields(&[
        ("cmd", "contact"),
        ("callid", "5"),
        ("phone", WHO),
        ("diversion", DID),
    ]));
    let ringing = Told::Flat(fields(&[
        ("CallSid", "CA5"),
        ("From", "+79001112233"),
        ("To", "+74951234567"),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
    ]));
    for (speaks, told, forward, wanted) in [
        (
            Asterisk,
            Asterisk.life()[0].clone(),
            phone.clone(),
            &["79990001122|", "yandex / spring"][..],
        ),
        (
            Asterisk,
            Asterisk.life()[0].clone(),
            sip.clone(),
            &["shop@pbx.example|yandex / spring"],
        ),
        (
            Generic,
            Generic.life()[0].clone(),
            phone.clone(),
            &["79990001122", "yandex / spring", "From Yandex"],
        ),
        (
            Generic,
            Generic.life()[0].clone(),
            sip.clone(),
            &["shop@pbx.example"],
        ),
        (
            Megafon,
            contact,
            phone.clone(),
            &[
                "\"contact_name\":\"yandex / spring\"",
                "\"responsible\":\"101\"",
            ],
        ),
        (
            Novofon,
            Novofon.life()[0].clone(),
            phone.clone(),
            &["\"redirect\":\"101\"", "79990001122", "caller_name"],
        ),
        (
            Zadarma,
            Zadarma.life()[0].clone(),
            phone.clone(),
            &["\"redirect\":\"101\"", "79990001122", "caller_name"],
        ),
        (
            Uis,
            interactive.clone(),
            phone.clone(),
            &["\"phones\":[\"79990001122\"]", "From Yandex"],
        ),
        (
            Uis,
            interactive,
            sip.clone(),
            &["\"phones\":[\"shop@pbx.example\"]"],
        ),
        (
            Twilio,
            ringing.clone(),
            phone.clone(),
            &[">+79990001122</Number>", "url=\"https://edge.example/w\""],
        ),
        (
            Twilio,
            ringing.clone(),
            sip.clone(),
            &[">sip:shop@pbx.example</Sip>"],
        ),
        (
            Texml,
            ringing,
            phone,
            &[">+79990001122</Number>", "url=\"https://edge.example/w\""],
        ),
    ] {
        let text = says(speaks, speaks.send(&told, Written::Form), forward);
        for part in wanted {
            assert!(text.contains(part), "{speaks:?}: {text} lacks {part}");
        }
    }
    for speaks in [Calltouch, Freeswitch, Mango, Telnyx] {
        assert_eq!(
            says(speaks, speaks.start(), sip.clone()),
            "{}",
            "{speaks:?}"
        );
    }
}

/// The company's own number forwards the call to the exchange: the dialled one stands in a header.
#[test]
fn forwarded_calls_name_the_number_that_was_dialled() {
    let diversion = "<sip:74957770000@op>;reason=unconditional";
    let history = "<sip:74957770000@op>;index=1, <sip:74951234567@pbx>;index=1.1";
    let with = |told: Told, pair: (&str, &str)| match told {
        Told::Flat(mut all) => {
            all.extend(fields(&[pair]));
            Told::Flat(all)
        }
        Told::Json(text) => {
            let value = serde_json::Value::from(pair.1);
            Told::Json(text.replace(
                "\"novel_field\"",
                &format!("\"{}\":{value},\"novel_field\"", pair.0),
            ))
        }
    };
    let sip_headers = |name: &str, value: &str| {
        let list =
            serde_json::json!([{"name": "X-Other", "value": "1"}, {"name": name, "value": value}]);
        match Telnyx.life().remove(0) {
            Told::Json(text) => Told::Json(text.replace(
                "\"novel_field\"",
                &format!("\"sip_headers\":{list},\"novel_field\""),
            )),
            Told::Flat(_) => unreachable!("call control is JSON"),
        }
    };
    for (speaks, told) in [
        (
            Asterisk,
            with(Asterisk.life().remove(0), ("diversion", diversion)),
        ),
        (
            Asterisk,
            with(Asterisk.life().remove(0), ("history", history)),
        ),
        (
            Freeswitch,
            with(Freeswitch.life().remove(0), ("sip_h_Diversion", diversion)),
        ),
        (
            Freeswitch,
            with(Freeswitch.life().remove(0), ("sip_history_info", history)),
        ),
        (
            Generic,
            with(
                Generic.life().remove(0),
                ("forwarded_from", "+7 495 777-00-00"),
            ),
        ),
        (Telnyx, sip_headers("Diversion", diversion)),
        (Telnyx, sip_headers("History-Info", history)),
        (
            Texml,
            with(Texml.life().remove(0), ("SipHeader_Diversion", diversion)),
        ),
        (
            Twilio,
            with(Twilio.life().remove(0), ("ForwardedFrom", "+74957770000")),
        ),
        (
            Twilio,
            with(Twilio.life().remove(0), ("SipHeader_Diversion", diversion)),
        ),
        (
            Twilio,
            with(Twilio.life().remove(0), ("SipHeader_History-Info", history)),
        ),
    ] {
        let event = speaks.send(&told, Written::Form).event();
        let from = event.forwarded_from.map(|number| number.to_string());
        assert_eq!(from.as_deref(), Some("74957770000"), "{speaks:?} {told:?}");
        assert_eq!(
            event.dialed.map(|number| number.to_string()).as_deref(),
            Some(DID)
        );
    }
}

proptest! {
    // A case is a hundred webhooks, two languages of which are signed with Ed25519.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_call_told_in_any_order_is_one_call(
        orders in proptest::collection::vec(
            Just([0usize, 1, 2, 3, 0, 1, 2, 3]).prop_shuffle(), ALL.len(),
        ),
        bodies in proptest::collection::vec(prop::sample::select(BODIES.to_vec()), ALL.len()),
    ) {
        for ((speaks, order), written) in ALL.into_iter().zip(orders).zip(bodies) {
            let life = speaks.life();
            let mut record: Option<CallRecord> = None;
            for place in order {
                let Some(told) = life.get(place) else { continue };
                let mut case = speaks.send(told, written);
                // Anything may come a day late, where no time is signed for freshness.
                if !matches!(speaks, Generic | Telnyx | Texml) {
                    case = case.at(86_400);
                }
                for event in case.run().expect("a valid event").events {
                    match &mut record {
                        Some(record) => drop(record.apply(&event, &CallerStorage::Plain)),
                        None => record = Some(CallRecord::new(&event, &CallerStorage::Plain)),
                    }
                }
            }
            let record = record.expect("a call");
            let caller = record.caller().map(StoredCaller::display);
            prop_assert_eq!(caller.as_deref(), Some(WHO), "{:?}", speaks);
            let dialed = record.dialed().map(|number| number.to_string());
            prop_assert_eq!(dialed.as_deref(), Some(DID), "{:?}", speaks);
            prop_assert_eq!(record.status(), CallStatus::Answered, "{:?}", speaks);
            prop_assert_eq!(record.talk_s(), Some(60), "{:?}", speaks);
            prop_assert_eq!(record.started_at(), TEN, "{:?}", speaks);
            prop_assert_eq!(record.recordings().collect::<Vec<_>>(), ["r"], "{:?}", speaks);
            prop_assert!(record.is_target(60), "{:?}", speaks);
            // Of FreeSWITCH no start is seen, and nothing is signed.
            prop_assert_eq!(record.is_confirmed(), speaks != Freeswitch, "{:?}", speaks);
        }
    }
}
