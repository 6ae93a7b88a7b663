//! What the Worker and the objects say to each other.
//!
//! A message is JSON with the version of the one who wrote it. Versions mix during a deployment:
//! unknown fields are ignored, missing ones have a default, and a command that is not known is
//! answered with 501, upon which its sender does without.

pub(crate) mod pool;
pub(crate) mod release;
pub(crate) mod stock;
mod touch;

use ringlet_core::api::problem::Problem;
use ringlet_core::api::route::Route;
use ringlet_core::channel::Origin;
use ringlet_core::condition::{Device, Geo};
use ringlet_core::label::Labels;
use ringlet_core::phone::E164;
use ringlet_core::telephony::{CallEvent, KeptEvent};
use ringlet_core::time::{Millis, UnixMillis};
pub(crate) use ringlet_core::wire::PageIds;
use serde::{Deserialize, Serialize};
pub(crate) use touch::{BriefTouch, ShownTouch};

/// The version of these messages.
pub(crate) const VERSION: u32 = 1;

/// One message to a site's object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SiteAsk {
    /// [`VERSION`] of the asker.
    pub v: u32,
    /// The site.
    pub site: String,
    /// What is asked.
    pub command: SiteCommand,
}

/// What is asked of a site's object.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SiteCommand {
    /// The configuration, unless it is still version `known`.
    Config {
        /// What the asker has; 0 is nothing.
        known: u64,
    },
    /// The configuration of one pool, all shards of it. Answered with
    /// [`pool::PoolConfiguration`].
    PoolConfig {
        /// The pool.
        pool: String,
        /// Whether its numbers may be packed.
        #[serde(default)]
        packed: bool,
    },
    /// A request of the administration.
    Admin(Box<AdminAsk>),
    /// A step of an import. Answered with [`ImportAnswer`], or as the administration refuses.
    Import(ImportAsk),
    /// A provider reported these events.
    Calls {
        /// The events, verified.
        events: Vec<CallEvent>,
        /// The provider waits to hear where the call should go.
        wants_route: bool,
        /// Another site passed them on: they stay here.
        #[serde(default)]
        passed_on: bool,
    },
    /// A pool is short of numbers. Answered with `null`.
    Short,
    /// What the site borrowed from a stock. Answered with a list of [`stock::Loan`].
    Borrowed {
        /// The stock.
        stock: String,
    },
    /// Which of these numbers the configuration uses. Answered with a list of numbers.
    Owns {
        /// The numbers.
        numbers: Vec<E164>,
    },
    /// A provider sent what could not be understood.
    KeepEvent {
        /// It, without secrets.
        event: Box<KeptEvent>,
    },
}

/// The answer to [`SiteCommand::Config`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ConfigAnswer {
    /// The version in force; 0 if there is no such site.
    pub version: u64,
    /// The document, unless the asker has it.
    pub document: Option<String>,
}

/// A request of the administration, as the site's object needs it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct AdminAsk {
    /// [`VERSION`] of the Worker.
    pub v: u32,
    /// The site.
    pub site: String,
    /// What is asked; absent in a message of another version that knows more.
    pub route: Option<Route>,
    /// The named segments of the path after the site.
    pub names: Vec<String>,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
    /// SHA-256 of the token in hexadecimal; absent for the deployer.
    pub token_hash: Option<String>,
    /// The deployer asks.
    pub deployer: bool,
    /// `If-Match`.
    pub if_match: Option<String>,
    /// `If-None-Match`.
    pub if_none_match: Option<String>,
    /// `Idempotency-Key`.
    pub key: Option<String>,
    /// Name of the request, for the audit log.
    pub request: String,
    /// The reader would rather have Russian.
    pub russian: bool,
    /// Why the Worker refuses the request, as a problem document: told to a key that may ask at
    /// all, and counted as a use of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl AdminAsk {
    /// # Errors
    /// What the Worker found wrong with the request.
    pub(crate) fn must_be_whole(&self) -> Result<(), Problem> {
        let refused = self.refused.as_deref().and_then(Problem::from_json);
        refused.map_or(Ok(()), Err)
    }

    /// The first value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A named segment after the site.
    pub(crate) fn name(&self, place: usize) -> &str {
        self.names.get(place).map_or("", String::as_str)
    }
}

/// A step of an import, asked for by the deployer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ImportAsk {
    /// Which import: one that begins anew has another name.
    pub upload: String,
    /// What is to be done.
    pub step: ImportStep,
    /// The reader would rather have Russian.
    pub russian: bool,
}

/// What is to be done for an import.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImportStep {
    /// Stage these lines.
    Lines {
        /// Their place: the part, and the place within.
        at: (u64, u64),
        /// The pool they are of, as its object is named; nothing for the site's own.
        pool: Option<String>,
        /// The lines, without the pool's name.
        lines: String,
    },
    /// All lines are here: make a site of them.
    Commit,
    /// Forget what was staged.
    Drop,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ImportAnswer {
    /// Lines that are here.
    pub lines: u64,
    /// The site is made.
    pub done: bool,
}

/// Where a ringing call should go, as told to the Worker that answers the provider.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct CallsAnswer {
    /// The company's telephone.
    pub forward_phone: Option<E164>,
    /// The company's SIP address.
    pub forward_sip: Option<String>,
    /// The source, for the company's display.
    pub caller_name: Option<String>,
    /// The events were not taken: too many came. They may be sent again after this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<Millis>,
    /// Who should take the call, by the exchange's own name for him.
    pub extension: Option<String>,
    /// The one who takes the call is told the source before the caller is put through.
    pub whisper: bool,
}

/// What is asked of the directory of sites.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum DirectoryCommand {
    /// Enter a site.
    Add {
        /// Its id.
        site: String,
        /// When.
        at: UnixMillis,
        /// The request that made it.
        #[serde(default)]
        request: String,
        /// It was put back from its export.
        #[serde(default)]
        imported: bool,
    },
    /// Take a site out.
    Remove {
        /// Its id.
        site: String,
        /// When.
        #[serde(default)]
        at: UnixMillis,
        /// The request that deleted it.
        #[serde(default)]
        request: String,
    },
    /// A page of the audit log, newest first.
    Audit {
        /// The sequence that the page before ended with.
        before: u64,
        /// At most this many.
        count: u64,
    },
    /// A page of sites after `after`, in the order of their ids.
    List {
        /// The last id of the page before.
        after: String,
        /// At most this many.
        count: u64,
    },
}

/// A site in the directory.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SiteEntry {
    /// Its id.
    pub site: String,
    /// When it was entered.
    pub created_at_ms: u64,
}

/// What is kept of a visit with each grant: the attribution record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct VisitContext {
    /// The source in one word, for people.
    pub source: String,
    /// Labels of the address that began the visit.
    pub labels: Labels,
    /// Channel and source.
    pub origin: Origin,
    /// Referrer of the first page, without what must not be stored.
    pub referrer: String,
    /// First page of the visit, without what must not be stored.
    pub landing_page: String,
    /// Where the visitor is.
    pub geo: Geo,
    /// His device.
    pub device: Device,
    /// Whether he has been here before.
    pub is_returning: bool,
    /// The visit number of Roistat's own script.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roistat_visit: Option<String>,
    /// Ids of other systems, as read on the page.
    #[serde(skip_serializing_if = "PageIds::is_empty")]
    pub ids: PageIds,
    /// When the visit began; zero in what older versions wrote.
    pub began_at: UnixMillis,
    /// Which of his visits it is, from 1.
    pub visits: u32,
    /// Pages he had seen when the number was lent, this one included.
    pub pages: u32,
    /// What brought him in earlier visits, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<BriefTouch>,
    /// Earlier touches that found no room.
    #[serde(skip_serializing_if = "is_zero")]
    pub earlier_left_out: u32,
    /// The page view that asked was the visit's first: the pool that it asked first counts it.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub counts: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}
