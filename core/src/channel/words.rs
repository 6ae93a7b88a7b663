//! Words that owners and advertising systems put into addresses: `utm_medium`, heads of Roistat
//! labels, click ids. The lists stand in `core/data`, with their sources.

use super::Channel;
use crate::label::Click;
use std::collections::HashMap;
use std::sync::LazyLock;

const MEDIUMS: &str = include_str!("../../data/mediums.tsv");
const HEADS: &str = include_str!("../../data/heads.tsv");
const CLICKS: &str = include_str!("../../data/click-ids.tsv");

type Words = HashMap<&'static str, Channel>;

static OF_MEDIUM: LazyLock<Words> = LazyLock::new(|| words(MEDIUMS));
static OF_HEAD: LazyLock<Words> = LazyLock::new(|| words(HEADS));
static OF_CLICK: LazyLock<HashMap<&'static str, (Channel, &'static str)>> = LazyLock::new(|| {
    let read = |columns: Vec<&'static str>| match columns.as_slice() {
        [name, channel, system] => Some((*name, (channel_named(channel)?, *system))),
        _ => None,
    };
    lines(CLICKS).filter_map(read).collect()
});

/// Lines of a list: channel, source, words.
fn words(list: &'static str) -> Words {
    let of_line = |columns: Vec<&'static str>| {
        let channel = columns.first().and_then(|name| channel_named(name));
        let words = columns.into_iter().skip(2);
        words.filter_map(move |word| Some((word, channel?)))
    };
    lines(list).flat_map(of_line).collect()
}

fn lines(list: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    list.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
}

fn channel_named(name: &str) -> Option<Channel> {
    Channel::ALL
        .into_iter()
        .find(|channel| channel.name() == name)
}

/// The channel that a `utm_medium` names.
pub(super) fn of_medium(medium: &str) -> Option<Channel> {
    OF_MEDIUM
        .get(medium.trim().to_lowercase().as_str())
        .copied()
}

/// The channel that the first level of a Roistat label names, its trailing number aside.
pub(super) fn of_head(level: &str) -> Option<Channel> {
    let level = level.trim().to_lowercase();
    let without_number = level.trim_end_matches(|c: char| c.is_ascii_digit());
    let found = OF_HEAD
        .get(level.as_str())
        .or_else(|| OF_HEAD.get(without_number));
    found.copied()
}

/// Whether a `utm_source` is a social network, so that paying for it makes it no search.
pub(super) fn is_social(source: &str) -> bool {
    of_head(source) == Some(Channel::Social)
}

/// The channel that a click id is of, and the advertising system that puts it.
pub(super) fn of_click(click: Click) -> (Channel, &'static str) {
    let found = OF_CLICK.get(click.name()).copied();
    found.unwrap_or((Channel::Paid, ""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::sites::names_its_source;

    #[test]
    fn every_line_is_read_and_no_word_stands_twice() {
        for (list, known) in [(MEDIUMS, &*OF_MEDIUM), (HEADS, &*OF_HEAD)] {
            let mut count = 0;
            for columns in lines(list) {
                let [channel, source, words @ ..] = columns.as_slice() else {
                    panic!("{columns:?}");
                };
                assert!(list.contains(&format!("# Source: {source}: ")), "{source}");
                assert!(
                    channel_named(channel).is_some() && !words.is_empty(),
                    "{columns:?}"
                );
                for word in words {
                    assert_eq!(*word, word.trim().to_lowercase(), "{columns:?}");
                }
                count += words.len();
            }
            assert_eq!(known.len(), count);
        }
    }

    #[test]
    fn every_click_id_has_a_line_and_every_line_one() {
        for click in Click::ALL {
            assert!(!of_click(click).1.is_empty(), "{}", click.name());
        }
        assert_eq!(lines(CLICKS).count(), Click::ALL.len());
        assert_eq!(OF_CLICK.len(), Click::ALL.len());
    }

    #[test]
    fn every_list_names_its_source() {
        for list in [MEDIUMS, HEADS, CLICKS] {
            assert!(names_its_source(list), "{list}");
        }
    }
}
