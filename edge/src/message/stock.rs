//! What is asked of a stock's object.

use super::AdminAsk;
use ringlet_core::phone::E164;
use ringlet_core::time::UnixMillis;
use serde::{Deserialize, Serialize};

/// One message to a stock's object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StockAsk {
    /// [`super::VERSION`] of the asker.
    pub v: u32,
    /// The stock.
    pub stock: String,
    /// What is asked.
    pub command: StockCommand,
}

/// What is asked of a stock's object.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StockCommand {
    /// What is lent to a site. Answered with [`Loans`].
    Loans {
        /// The site.
        site: String,
    },
    /// Lend numbers to a pool of a site. Answered with [`Loans`], all of the site's.
    Take {
        /// The site.
        site: String,
        /// The pool.
        pool: String,
        /// At most so many.
        count: u64,
    },
    /// Take numbers back that the site uses no more. Loans that are over already are left alone.
    /// Answered with [`Loans`].
    GiveBack {
        /// The site.
        site: String,
        /// The loans.
        loans: Vec<Loan>,
    },
    /// Which site had a number at an instant, or was the last to have had it. Answered with its
    /// name, or `null`: also to a site that does not share the stock.
    Holder {
        /// Who asks.
        site: String,
        /// The number.
        number: E164,
        /// The instant.
        at: UnixMillis,
    },
    /// A request of the administration. Answered with an HTTP response.
    Admin(Box<AdminAsk>),
}

/// What a stock lends to one site.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Loans {
    /// Numbers that could be lent now; none to a site that is no member.
    pub free: u64,
    /// The site's loans.
    pub loans: Vec<Loan>,
}

/// One number lent to one site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Loan {
    /// The number.
    pub number: E164,
    /// Which lending of it: grows with every lending of the stock.
    pub loan: u64,
    /// The pool it was lent for.
    pub pool: String,
    /// Since when.
    pub since: UnixMillis,
    /// Its owner wants it out of the stock.
    #[serde(default)]
    pub leaving: bool,
}
