//! Known sites and apps: what kind of place a host is. The lists stand in `core/data`, with their
//! sources.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What kind of place visits come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Search,
    Social,
    Messenger,
    Email,
    Display,
    Paid,
    Referral,
}

/// A known place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Site {
    pub(super) kind: Kind,
    pub(super) name: &'static str,
}

const LISTED: &str = include_str!("../../data/referrers.tsv");
const OWN: &str = include_str!("../../data/referrers-own.tsv");

static SITES: LazyLock<HashMap<&'static str, Site>> = LazyLock::new(|| {
    // Own lines come last and win.
    [(LISTED, true), (OWN, false)]
        .into_iter()
        .flat_map(|(list, foreign)| {
            list.lines()
                .filter_map(move |line| read_line(line, foreign))
        })
        .flat_map(|(site, hosts)| hosts.split(' ').map(move |host| (host, site)))
        .collect()
});

/// One line: kind, name, hosts. In the foreign list `paid` means any advertising network: those
/// are banners, except where the network sells searches.
fn read_line(line: &'static str, foreign: bool) -> Option<(Site, &'static str)> {
    let mut columns = line.split('\t');
    let (kind, name, hosts) = (columns.next()?, columns.next()?, columns.next()?);
    let kind = match kind {
        "search" => Kind::Search,
        "social" => Kind::Social,
        "messenger" => Kind::Messenger,
        "email" => Kind::Email,
        "display" => Kind::Display,
        "paid" if foreign && name != "Yandex.Direct" => Kind::Display,
        "paid" => Kind::Paid,
        "referral" => Kind::Referral,
        _ => return None,
    };
    Some((Site { kind, name }, hosts))
}

/// Services of Google that are searches, as the list that referrers.tsv is made from has them.
const GOOGLE_SEARCHES: [&str; 5] = ["blogsearch", "encrypted", "images", "news", "video"];

/// The place that `host` belongs to: its own line, else that of the nearest domain above it.
pub(super) fn site_of(host: &str) -> Option<Site> {
    let mut rest = host;
    loop {
        if let Some(site) = SITES.get(rest) {
            return Some(*site);
        }
        let (_, above) = rest.split_once('.')?;
        if !above.contains('.') {
            break;
        }
        rest = above;
    }
    // google.ru, google.co.uk and a hundred more; its other services have lines of their own.
    let country = host.strip_prefix("google.").or_else(|| {
        let (service, country) = host.split_once(".google.")?;
        GOOGLE_SEARCHES.contains(&service).then_some(country)
    });
    let google = country.is_some_and(|country| country.len() <= 6);
    google.then_some(Site {
        kind: Kind::Search,
        name: "Google",
    })
}

/// Parameters that carry the searched phrase.
const PHRASE_PARAMS: &str = include_str!("../../data/phrase-params.tsv");

/// The searched phrase in the query of a search engine's address.
pub(super) fn search_phrase(query: &str) -> Option<String> {
    let value = |wanted: &str| {
        crate::label::pairs(query)
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| crate::label::decode_component(value).trim().to_owned())
            .filter(|phrase| !phrase.is_empty())
    };
    let mut names = PHRASE_PARAMS.lines().filter(|line| !line.starts_with('#'));
    let phrase = names.find_map(value)?;
    Some(
        phrase
            .chars()
            .take(crate::limits::LABEL_VALUE_CHARS)
            .collect(),
    )
}

/// Whether the head of a list tells where it comes from.
#[cfg(test)]
pub(super) fn names_its_source(list: &str) -> bool {
    let mut head = list.lines().take_while(|line| line.starts_with('#'));
    head.any(|line| line.contains("Source: ") || line.contains("Made from "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        for (list, foreign) in [(LISTED, true), (OWN, false)] {
            for line in list.lines().filter(|line| !line.starts_with('#')) {
                let (site, hosts) = read_line(line, foreign).expect(line);
                for host in hosts.split(' ') {
                    let found = site_of(host).expect(host);
                    assert!(foreign || found == site, "{host}: {found:?}");
                    assert!(
                        !host.starts_with("www.") && host == host.to_lowercase(),
                        "{host}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_list_names_its_source() {
        for list in [LISTED, OWN, PHRASE_PARAMS] {
            assert!(names_its_source(list), "{list}");
        }
    }
}
