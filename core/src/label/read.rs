//! Finding labels in an address.

use super::decode::{decode_base64, decode_component, decode_cp1251};
use super::{Click, Found, LabelReading, Labels, Openstat, Place, Utm, Warning};
use crate::limits;

/// An address cut into its parts, undecoded; anything at all may be given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UrlParts<'a> {
    /// `https`, without `://`; empty where there is none.
    pub scheme: &'a str,
    /// Host, without user, password and port.
    pub host: &'a str,
    /// Port with its colon, or nothing.
    pub port: &'a str,
    /// Path, with the leading `/`.
    pub path: &'a str,
    /// What follows the first `?`.
    pub query: &'a str,
    /// What follows the first `#`.
    pub fragment: &'a str,
}

/// Cuts `url` into parts.
pub fn url_parts(url: &str) -> UrlParts<'_> {
    let (before, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (before, query) = before.split_once('?').unwrap_or((before, ""));
    let (scheme, rest) = match before.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => (scheme, rest),
        _ => {
            return UrlParts {
                path: before,
                query,
                fragment,
                ..UrlParts::default()
            };
        }
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host_port = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let colon = match host_port.rfind(']') {
        Some(bracket) => host_port
            .get(bracket..)
            .and_then(|tail| tail.find(':'))
            .map(|at| at + bracket),
        None => host_port.rfind(':'),
    };
    let (host, port) = host_port.split_at(colon.unwrap_or(host_port.len()));
    UrlParts {
        scheme,
        host,
        port,
        path,
        query,
        fragment,
    }
}

/// Cuts a query into names and values, undecoded. `&amp;`, copied from a page's source by mistake,
/// is read as `&`.
pub fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query
        .split('&')
        .map(|pair| pair.strip_prefix("amp;").unwrap_or(pair))
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Reads the labels of a page view: `url` is the page's address, `referrer` where the visitor came
/// from, `remembered` the Roistat label that an earlier page stored.
///
/// The first place that has a label wins: the page's query, its path (an `&` without `?`), its
/// fragment, the referrer (the Roistat label from any site, the others only from this one, after a
/// redirect that lost them), and last what was remembered.
pub fn read_labels(url: &str, referrer: &str, remembered: Option<&str>) -> LabelReading {
    let mut reader = Reader::default();
    let url = reader.cut(url);
    let page = url_parts(url);
    reader.read(page.query, Place::Query, true);
    if let Some((_, tail)) = page.path.split_once('&') {
        reader.read(tail, Place::Path, true);
    }
    reader.read(fragment_query(page.fragment), Place::Fragment, true);
    let referrer = url_parts(reader.cut(referrer));
    let same_site = !page.host.is_empty() && page.host.eq_ignore_ascii_case(referrer.host);
    reader.read(referrer.query, Place::Referrer, same_site);
    if let Some(marker) = remembered.filter(|marker| !marker.is_empty()) {
        reader.take("roistat", &decode_component(marker), Place::Remembered);
    }
    reader.finish()
}

/// `#roistat=…`, `#/route?roistat=…`, `#anchor&roistat=…`: the part that holds parameters.
fn fragment_query(fragment: &str) -> &str {
    let fragment = fragment
        .split_once('?')
        .map_or(fragment, |(_, query)| query);
    fragment.trim_start_matches(['/', '!'])
}

#[derive(Default)]
struct Reader {
    out: LabelReading,
}

impl Reader {
    fn warn(&mut self, warning: Warning) {
        let warnings = &mut self.out.warnings;
        if warnings.len() < limits::LABEL_WARNINGS && !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    fn cut<'a>(&mut self, url: &'a str) -> &'a str {
        if url.len() <= limits::URL_BYTES {
            return url;
        }
        self.warn(Warning::UrlCut);
        let mut end = limits::URL_BYTES;
        while !url.is_char_boundary(end) {
            end -= 1;
        }
        url.get(..end).unwrap_or_default()
    }

    fn read(&mut self, query: &str, place: Place, all: bool) {
        for (count, (name, value)) in pairs(query).enumerate() {
            if count >= limits::URL_PARAMS {
                return self.warn(Warning::TooManyParams);
            }
            let name = decode_component(name).trim().to_ascii_lowercase();
            let roistat = name == "rs" || name.starts_with("roistat");
            if (all || roistat) && !value.is_empty() {
                self.take(&name, &decode_component(value), place);
            }
        }
    }

    /// Takes one decoded parameter if it is a label.
    fn take(&mut self, name: &str, value: &str, place: Place) {
        if !is_label(name) {
            return;
        }
        let mut value = value.trim().to_owned();
        if let Some((at, _)) = value.char_indices().nth(limits::LABEL_VALUE_CHARS) {
            value.truncate(at);
            self.warn(Warning::ValueCut(name.to_owned()));
        }
        if value.is_empty() {
            return;
        }
        if value.contains('{') && value.contains('}') {
            self.warn(Warning::Unfilled(name.to_owned()));
        }
        let (used, differs) = self.put(name, &value);
        if !used && differs && place <= Place::Path {
            self.warn(Warning::Repeated(name.to_owned()));
        }
        self.out.found.push(Found {
            name: name.to_owned(),
            value,
            place,
            used,
        });
    }

    /// Stores `value` unless an earlier place had one: whether stored, and whether it differs.
    fn put(&mut self, name: &str, value: &str) -> (bool, bool) {
        let labels = &mut self.out.labels;
        if name == "roistat" || name == "rs" {
            return put_option(&mut labels.marker, value);
        }
        if let Some(number) = param_number(name) {
            return put_entry(&mut labels.params, number, value);
        }
        if let Some(utm) = Utm::ALL.into_iter().find(|utm| utm.name() == name) {
            return put_entry(&mut labels.utm, utm, value);
        }
        if let Some(click) = Click::ALL.into_iter().find(|click| click.name() == name) {
            return put_entry(&mut labels.clicks, click, value);
        }
        if labels.openstat.is_some() {
            return (false, false);
        }
        let openstat = read_openstat(value);
        let read = openstat.is_some();
        labels.openstat = openstat;
        if !read {
            self.warn(Warning::OpenstatUnreadable);
        }
        (read, false)
    }

    fn finish(mut self) -> LabelReading {
        let marker = self.out.labels.marker.as_deref().unwrap_or_default();
        if marker.split('_').count() > limits::LABEL_LEVELS {
            self.warn(Warning::TooManyLevels);
        }
        self.out
    }
}

fn put_option(slot: &mut Option<String>, value: &str) -> (bool, bool) {
    match slot {
        Some(there) => (false, there != value),
        None => {
            *slot = Some(value.to_owned());
            (true, false)
        }
    }
}

fn put_entry<K: Ord>(
    map: &mut std::collections::BTreeMap<K, String>,
    key: K,
    value: &str,
) -> (bool, bool) {
    match map.entry(key) {
        std::collections::btree_map::Entry::Occupied(there) => (false, there.get() != value),
        std::collections::btree_map::Entry::Vacant(free) => {
            free.insert(value.to_owned());
            (true, false)
        }
    }
}

/// Whether `name`, in small letters, is a label.
pub(super) fn is_label(name: &str) -> bool {
    matches!(name, "roistat" | "rs" | "openstat" | "_openstat")
        || param_number(name).is_some()
        || Utm::ALL.iter().any(|utm| utm.name() == name)
        || Click::ALL.iter().any(|click| click.name() == name)
}

fn param_number(name: &str) -> Option<u8> {
    let number = name.strip_prefix("roistat_param")?;
    matches!(number, "1" | "2" | "3" | "4" | "5").then(|| number.parse().ok())?
}

/// Decodes `service;campaign;ad;source`, plain or in base 64.
fn read_openstat(value: &str) -> Option<Openstat> {
    let plain = value.contains(';').then(|| value.to_owned());
    let text = plain.or_else(|| {
        let bytes = decode_base64(value)?;
        Some(String::from_utf8(bytes).unwrap_or_else(|error| decode_cp1251(error.as_bytes())))
    })?;
    let mut parts = text.splitn(4, ';').map(|part| part.trim().to_owned());
    let mut next = || parts.next();
    let openstat = Openstat {
        service: next()?,
        campaign: next()?,
        ad: next()?,
        source: next()?,
    };
    let clean = !text.contains(char::is_control);
    clean.then_some(openstat)
}

impl Labels {
    /// Labels of an address alone, without referrer and memory.
    pub fn of_url(url: &str) -> Self {
        read_labels(url, "", None).labels
    }
}
