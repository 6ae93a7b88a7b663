//! The configuration of sites as the Worker has it: per isolate, for a few seconds.
//!
//! What is not here: anything that must be right. A reply made with a configuration of five seconds
//! ago is as good as one made five seconds ago, and a pool that knows a newer one goes by that.
//! Unknown sites are remembered too, so that asking for one after the other reaches no object twice
//! a moment. Limits: [`SITES`].

use crate::binding::fault::Fault;
use crate::message::{ConfigAnswer, SiteAsk, SiteCommand, VERSION};
use crate::objects::{self, Class};
use ringlet_core::id::SiteId;
use ringlet_core::site::SiteConfig;
use ringlet_core::time::{Millis, UnixMillis};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use worker::Env;

/// A site's configuration with what is made of it once.
#[derive(Debug)]
pub(crate) struct Site {
    /// The version.
    pub version: u64,
    /// The configuration.
    pub config: SiteConfig,
}

/// How long a configuration is taken for the one in force.
const FRESH: Millis = Millis(5_000);
/// How long a site stays unknown.
const UNKNOWN: Millis = Millis(2_000);
/// Sites kept in one isolate: a configuration of an ordinary site takes some 10 kB.
const SITES: usize = 1_000;

#[derive(Clone)]
struct Entry {
    asked_at: UnixMillis,
    site: Option<Rc<Site>>,
}

thread_local! {
    // A cache, keyed by site: no request reads another site's entry.
    static CACHE: RefCell<HashMap<String, Entry>> = RefCell::default();
}

/// The site's configuration; nothing if there is no such site.
///
/// # Errors
/// When the site's object could not be asked and nothing is known of the site.
pub(crate) async fn site(env: &Env, id: &str, now: UnixMillis) -> Result<Option<Rc<Site>>, Fault> {
    if SiteId::parse(id).is_err() {
        return Ok(None);
    }
    let known = CACHE.with_borrow(|cache| cache.get(id).cloned());
    if let Some(entry) = &known {
        let fresh = if entry.site.is_some() { FRESH } else { UNKNOWN };
        if now.since(entry.asked_at) < fresh {
            return Ok(entry.site.clone());
        }
    }
    let known = known.and_then(|entry| entry.site);
    match ask(env, id, known.as_ref()).await {
        Ok(site) => {
            remember(
                id,
                Entry {
                    asked_at: now,
                    site: site.clone(),
                },
            );
            Ok(site)
        }
        // An old configuration is better than none.
        Err(_) if known.is_some() => Ok(known),
        Err(fault) => Err(fault),
    }
}

/// Forgets a site: its configuration was just changed from here.
pub(crate) fn forget(id: &str) {
    CACHE.with_borrow_mut(|cache| cache.remove(id));
}

async fn ask(env: &Env, id: &str, known: Option<&Rc<Site>>) -> Result<Option<Rc<Site>>, Fault> {
    let command = SiteCommand::Config {
        known: known.map_or(0, |site| site.version),
    };
    let message = SiteAsk {
        v: VERSION,
        site: id.to_owned(),
        command,
    };
    let answer: ConfigAnswer = objects::ask(env, Class::Site, id, &message).await?;
    match (answer.document, known) {
        _ if answer.version == 0 => Ok(None),
        (Some(document), _) => {
            let config = SiteConfig::parse(&document)
                .map_err(|_| Fault::new("the configuration in force is not accepted here"))?;
            Ok(Some(Rc::new(Site {
                version: answer.version,
                config,
            })))
        }
        (None, Some(site)) => Ok(Some(site.clone())),
        (None, None) => Err(Fault::new("the site's object sent no configuration")),
    }
}

fn remember(id: &str, entry: Entry) {
    CACHE.with_borrow_mut(|cache| {
        if cache.len() >= SITES && !cache.contains_key(id) {
            let oldest = cache.iter().min_by_key(|(_, entry)| entry.asked_at);
            if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
                cache.remove(&oldest);
            }
        }
        cache.insert(id.to_owned(), entry);
    });
}
