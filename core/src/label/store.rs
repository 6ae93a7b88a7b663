//! The address as it may be stored: the site's own path and the labels, nothing of the visitor's.

use super::decode::decode_component;
use super::read::{is_label, pairs, url_parts};
use crate::limits;

/// `url` with only label parameters left in query and fragment, without user name and password,
/// and without any value that looks like an e-mail address.
pub fn stored_url(url: &str) -> String {
    let mut end = url.len().min(limits::URL_BYTES);
    while !url.is_char_boundary(end) {
        end -= 1;
    }
    let parts = url_parts(url.get(..end).unwrap_or_default());
    let mut out = String::new();
    if !parts.host.is_empty() {
        out.push_str(parts.scheme);
        out.push_str("://");
        out.push_str(parts.host);
        out.push_str(parts.port);
    }
    let (path, tail) = parts.path.split_once('&').unwrap_or((parts.path, ""));
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            out.push('/');
        }
        out.push_str(if looks_like_email(segment) {
            "-"
        } else {
            segment
        });
    }
    push_kept(&mut out, '?', &[parts.query, tail]);
    let fragment = parts.fragment;
    let fragment = fragment
        .split_once('?')
        .map_or(fragment, |(_, query)| query);
    push_kept(&mut out, '#', &[fragment.trim_start_matches(['/', '!'])]);
    out
}

fn push_kept(out: &mut String, lead: char, queries: &[&str]) {
    let kept = queries
        .iter()
        .flat_map(|query| pairs(query))
        .take(limits::URL_PARAMS)
        .filter(|(name, value)| {
            is_label(&decode_component(name).trim().to_ascii_lowercase())
                && !looks_like_email(value)
        });
    for (index, (name, value)) in kept.enumerate() {
        out.push(if index == 0 { lead } else { '&' });
        out.push_str(name);
        out.push('=');
        out.push_str(value);
    }
}

/// Something, an at sign, something with a dot: people's addresses leak into links this way.
fn looks_like_email(text: &str) -> bool {
    let text = decode_component(text);
    text.match_indices('@').any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let domain = &text[at + 1..];
        let host_end = domain
            .find(|c: char| !c.is_alphanumeric() && c != '.' && c != '-')
            .unwrap_or(domain.len());
        let host = &domain[..host_end];
        before.is_some_and(|c| c.is_alphanumeric() || "._%+-".contains(c))
            && host.split('.').filter(|label| !label.is_empty()).count() >= 2
    })
}
