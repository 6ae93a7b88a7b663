//! Visits that a page asks for before its agent is there: the fast snippet that stands in the page.
//!
//! What it is: what is left of such a request under the consent mode in force. The snippet was
//! pasted at some time with the words that were right then; the owner may have changed his mind
//! since, and the page has not heard of it. What it is not: the snippet
//! (`agent/loader/fast.js`), and requests of the agent, which knows the configuration.
//!
//! Invariant: what is left asks for no more than the site allows before a visitor agrees.

use crate::site::ConsentMode;
use crate::wire::VisitRequest;

/// `request` as far as the site's mode allows it; nothing where a page must wait for its visitor.
/// Requests of the agent are left as they are.
pub fn settle(request: VisitRequest, mode: ConsentMode) -> Option<VisitRequest> {
    if !request.early {
        return Some(request);
    }
    match mode {
        ConsentMode::Granted => Some(request),
        ConsentMode::Wait => None,
        // A visitor of this page view alone: nobody is recognised.
        ConsentMode::Cookieless => Some(VisitRequest {
            consent: "cookieless".to_owned(),
            visit: None,
            visitor: None,
            marker: None,
            roistat_visit: None,
            leases: Vec::new(),
            memory: None,
            ..request
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::HeldLease;

    fn request(early: bool) -> VisitRequest {
        VisitRequest {
            early,
            consent: "granted".to_owned(),
            visitor: Some("visitor".to_owned()),
            visit: Some("visit".to_owned()),
            marker: Some("vk".to_owned()),
            roistat_visit: Some("1".to_owned()),
            memory: Some("memory".to_owned()),
            leases: vec![HeldLease::default()],
            url: "https://shop.example/".to_owned(),
            key: "key".to_owned(),
            tab: 7,
            ..VisitRequest::default()
        }
    }

    #[test]
    fn the_agent_is_taken_at_its_word() {
        for mode in [
            ConsentMode::Granted,
            ConsentMode::Cookieless,
            ConsentMode::Wait,
        ] {
            assert_eq!(settle(request(false), mode), Some(request(false)));
        }
    }

    #[test]
    fn a_page_that_has_not_heard_of_the_mode_is_held_to_it() {
        assert_eq!(
            settle(request(true), ConsentMode::Granted),
            Some(request(true))
        );
        assert_eq!(settle(request(true), ConsentMode::Wait), None);
        let left = settle(request(true), ConsentMode::Cookieless).expect("a visit");
        let expected = VisitRequest {
            early: true,
            consent: "cookieless".to_owned(),
            url: "https://shop.example/".to_owned(),
            key: "key".to_owned(),
            tab: 7,
            ..VisitRequest::default()
        };
        assert_eq!(left, expected);
    }
}
