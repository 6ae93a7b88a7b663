//! The command line: verbs, flags and what they mean.

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use ringlet_core::number::NumberFilter;
use std::path::PathBuf;

/// Everything an owner does with Ringlet, from a terminal.
///
/// Exit codes: 0 done, 1 a file of this machine, 2 wrong arguments, 3 not allowed, 4 not found,
/// 5 changed by somebody else, 6 refused for what it says or some of it, 7 the edge failed or is
/// out of reach, 8 a check found faults.
#[derive(Debug, Parser)]
#[command(name = "ringlet", version)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) connection: Connection,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where, as whom, and how it is told.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Connection {
    /// Address of the Worker, as https://calls.example.com
    #[arg(long, env = "RINGLET_URL", global = true)]
    pub(crate) url: Option<String>,
    /// The deployer's token, or a key of the site
    #[arg(long, env = "RINGLET_KEY", hide_env_values = true, global = true)]
    pub(crate) key: Option<String>,
    /// The site
    #[arg(short, long, env = "RINGLET_SITE", global = true)]
    pub(crate) site: Option<String>,
    /// Name of a profile with address, key and site
    #[arg(long, env = "RINGLET_PROFILE", global = true)]
    pub(crate) profile: Option<String>,
    /// The profile file
    #[arg(long, env = "RINGLET_PROFILES", global = true)]
    pub(crate) profiles: Option<PathBuf>,
    /// Print the API's JSON instead of tables
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Draw no progress
    #[arg(long, global = true)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sites: create, list, show, change, export, import, delete
    #[command(subcommand)]
    Sites(Sites),
    /// The configuration: read, check, put, compare, versions
    #[command(subcommand)]
    Config(Config),
    /// Numbers: list, add, assign, bind, reserve, forward, quarantine, replace, remove
    #[command(subcommand)]
    Numbers(Numbers),
    /// Scenarios: list, show, put, switch, priority, delete
    #[command(subcommand)]
    Scenarios(Scenarios),
    /// Keys: list, create, revoke
    #[command(subcommand)]
    Keys(Keys),
    /// Calls: list, show, correct, judge anew, what could not be understood
    #[command(subcommand)]
    Calls(Calls),
    /// What is on its way to the site's receivers, and what they did not take
    #[command(subcommand)]
    Deliveries(Deliveries),
    /// What happened to calls, in order
    Outbox {
        #[command(flatten)]
        page: Page,
    },
    /// Stocks of numbers that several sites share
    #[command(subcommand)]
    Stocks(Stocks),
    /// Who held a number
    Leases {
        number: String,
        /// Instant, Unix milliseconds or 2026-01-31T10:00:00Z; now without one
        #[arg(long)]
        at: Option<String>,
    },
    /// Calls by source, campaign, keyword, landing, region, number or hour
    Report(Report),
    /// Calls as a file: calls.csv, calls.jsonl, metrica.csv, google.csv
    File(FileOf),
    /// What the pools do now
    Live {
        /// Look again every so many seconds until ended
        #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2")]
        watch: Option<u64>,
    },
    /// A scenario's load and the numbers it needs
    Load { scenario: String },
    /// How long a scenario's callers take to call; -o keeps the table, --put brings one
    Delays(Delays),
    /// How many numbers a site needs, before it has any
    Sizing(Sizing),
    /// The audit log, newest first
    Audit {
        #[command(flatten)]
        page: Page,
    },
    /// Verify the stored state
    Check,
    /// Whether the edge is there
    Health,
    /// Any operation of the API by its name or address
    Api(Api),
    /// Profiles: addresses and keys kept on this machine
    #[command(subcommand)]
    Profiles(Profiles),
}

/// How long callers take to call.
#[derive(Debug, Args)]
pub(crate) struct Delays {
    pub(crate) scenario: String,
    /// Write the table to a file; `-` is stdout
    #[arg(short, long, value_name = "FILE", conflicts_with = "put")]
    pub(crate) output: Option<PathBuf>,
    /// Have the pool begin with this table; one without classes takes back what was put
    #[arg(long, value_name = "FILE")]
    pub(crate) put: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Sites {
    /// All sites of the edge (the deployer's token)
    List {
        #[command(flatten)]
        page: Page,
    },
    /// Which sites came and went, newest first (the deployer's token)
    Audit {
        #[command(flatten)]
        page: Page,
    },
    /// Create a site of a configuration (the deployer's token)
    Create { configuration: PathBuf },
    /// One site's summary
    Show,
    /// Change members of the configuration: name=Shop, /retention/visit_days=90
    Change(Changes),
    /// Everything of the site as JSON Lines
    Export {
        /// A file; stdout without one
        #[arg(short, long)]
        output: Option<PathBuf>,
    },
    /// Put a whole site back from its export (the deployer's token)
    Import { export: PathBuf },
    /// Delete the site and everything of it (the deployer's token)
    #[command(group = ArgGroup::new("kept").required(true).args(["export", "without_export"]))]
    Delete {
        /// Export it to this file first
        #[arg(long)]
        export: Option<PathBuf>,
        /// Delete it without a copy
        #[arg(long)]
        without_export: bool,
        /// Ask nothing
        #[arg(long)]
        yes: bool,
    },
}

/// Members to change.
#[derive(Debug, Args)]
pub(crate) struct Changes {
    /// MEMBER=VALUE: a name or a JSON pointer, and JSON or plain text
    #[arg(required = true)]
    pub(crate) members: Vec<String>,
    #[command(flatten)]
    pub(crate) version: Versioned,
}

/// How a new version is made.
#[derive(Debug, Default, Args)]
pub(crate) struct Versioned {
    /// What to say of the version
    #[arg(long)]
    pub(crate) note: Option<String>,
    /// Only if this version is in force
    #[arg(long, value_name = "VERSION")]
    pub(crate) if_version: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// The configuration in force, or an older version
    Get {
        #[arg(long)]
        version: Option<u64>,
        /// A file; stdout without one
        #[arg(short, long)]
        output: Option<PathBuf>,
    },
    /// Bring a document into force
    Put {
        document: PathBuf,
        #[command(flatten)]
        version: Versioned,
    },
    /// Open the configuration in $VISUAL or $EDITOR and put what comes back
    Edit {
        #[command(flatten)]
        version: Versioned,
    },
    /// Every fault of a document; nothing is changed
    Check { document: PathBuf },
    /// What a document would change, or what a version changed
    #[command(group = ArgGroup::new("what").required(true).args(["document", "version"]))]
    Diff {
        document: Option<PathBuf>,
        #[arg(long)]
        version: Option<u64>,
        /// The version to compare with; the one before without it
        #[arg(long, requires = "version")]
        with: Option<u64>,
    },
    /// All versions, newest first
    Versions {
        #[command(flatten)]
        page: Page,
    },
    /// Bring an older version into force
    Revert {
        version: u64,
        #[command(flatten)]
        how: Versioned,
    },
    /// What another system's scenarios become here, and what has no counterpart
    Import {
        document: PathBuf,
        #[arg(long)]
        from: System,
        /// Bring the outcome into force
        #[arg(long)]
        put: bool,
        /// Write the outcome to a file
        #[arg(short, long)]
        output: Option<PathBuf>,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum System {
    Roistat,
    Uis,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Numbers {
    /// The table of numbers
    List {
        #[arg(long, value_enum, default_value_t = Filter::All)]
        filter: Filter,
    },
    /// Enter numbers, in any writing: "8 (495) 123-45-67, +7 812 …"
    Add {
        #[command(flatten)]
        given: Given,
        /// Put them into this pool
        #[arg(long)]
        pool: Option<String>,
        /// They are rented
        #[arg(long)]
        rented: bool,
        /// Day of connection, 2026-01-31
        #[arg(long)]
        connected: Option<String>,
        /// City or area
        #[arg(long)]
        city: Option<String>,
    },
    /// Put numbers into a pool, out of any other
    Assign {
        #[arg(long)]
        pool: String,
        #[command(flatten)]
        given: Given,
    },
    /// Bind a number to a source in a static scenario
    Bind {
        number: String,
        #[arg(long)]
        scenario: String,
        #[arg(long)]
        source: String,
        /// Printed or spoken only
        #[arg(long)]
        offline: bool,
    },
    /// Take numbers out of their scenarios; they stay the site's
    Remove(Given),
    /// Make a number a scenario's reserve
    Reserve {
        number: String,
        #[arg(long)]
        scenario: String,
    },
    /// Lend numbers no more until their calls are explained
    Quarantine(Given),
    /// Switch numbers off
    Disable(Given),
    /// End quarantine, or switch on again
    Release(Given),
    /// Take numbers out of the site
    Delete(Given),
    /// Say where calls to numbers go: a telephone number, a SIP address, an extension
    #[command(group = ArgGroup::new("line").required(true).multiple(true)
        .args(["phone", "sip", "extension", "as_scenario"]))]
    Forward {
        #[command(flatten)]
        given: Given,
        /// To this telephone number, in any writing
        #[arg(long, conflicts_with = "sip")]
        phone: Option<String>,
        /// To this SIP address: sip:sales@pbx.example
        #[arg(long)]
        sip: Option<String>,
        /// Who should take them, by the exchange's own name for him
        #[arg(long)]
        extension: Option<String>,
        /// He is told the source before the caller is put through
        #[arg(long)]
        whisper: bool,
        /// Where their scenario says
        #[arg(long, conflicts_with_all = ["phone", "sip", "extension", "whisper"])]
        as_scenario: bool,
    },
    /// Put another number in a number's place
    Replace { number: String, by: String },
}

/// Numbers as pasted.
#[derive(Debug, Args)]
pub(crate) struct Given {
    /// Numbers in any writing; `-` reads them from stdin
    #[arg(required = true)]
    pub(crate) numbers: Vec<String>,
}

/// The filters of the core, as the command line names them.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Filter {
    All,
    Used,
    Free,
    Reserve,
    Quarantined,
}

impl From<Filter> for NumberFilter {
    fn from(filter: Filter) -> Self {
        match filter {
            Filter::All => Self::All,
            Filter::Used => Self::Used,
            Filter::Free => Self::Free,
            Filter::Reserve => Self::Reserve,
            Filter::Quarantined => Self::Quarantined,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Scenarios {
    /// All scenarios
    List,
    /// One scenario as the configuration has it
    Show { scenario: String },
    /// Add or replace a scenario by a document
    Put {
        scenario: String,
        document: PathBuf,
        #[command(flatten)]
        version: Versioned,
    },
    /// Change members: mask="8 (XXX) XXX-XX-XX", enabled=false
    Change {
        scenario: String,
        #[command(flatten)]
        changes: Changes,
    },
    /// Switch on
    Enable { scenario: String },
    /// Switch off; history stays
    Disable { scenario: String },
    /// Which scenario wins where several claim the same elements
    Priority {
        scenario: String,
        #[arg(allow_negative_numbers = true)]
        priority: i32,
    },
    /// Remove a scenario; its pool stays
    Delete { scenario: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// All keys with the day of their last use
    List,
    /// Make a key; its token is shown once
    Create {
        name: String,
        #[arg(long)]
        role: Role,
    },
    /// Revoke a key
    Revoke {
        // Not named `key`: that is the key this command itself is done with.
        #[arg(value_name = "KEY")]
        id: String,
    },
}

/// What a key is for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Role {
    Admin,
    Viewer,
    Telephony,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Calls {
    /// Calls, newest first
    List {
        /// Calls to this number only
        #[arg(long)]
        number: Option<String>,
        /// From this instant on, Unix milliseconds or 2026-01-31T10:00:00Z
        #[arg(long)]
        from: Option<String>,
        /// Before this instant
        #[arg(long)]
        to: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// One call with all its candidates
    Show { call: String },
    /// Events of providers that could not be understood
    Kept,
    /// Read such an event again
    Retry { event: String },
    /// Say by hand whose call it was
    #[command(group = ArgGroup::new("whose").required(true).args(["visit", "source", "nobody"]))]
    Correct {
        call: String,
        /// One of its candidates
        #[arg(long)]
        visit: Option<String>,
        /// A source without a visit
        #[arg(long)]
        source: Option<String>,
        /// No visitor's call
        #[arg(long)]
        nobody: bool,
        /// Why
        #[arg(long)]
        reason: String,
        /// Who says so
        #[arg(long)]
        by: Option<String>,
    },
    /// Judge a period anew by what was learnt since; changes nothing without --apply
    Replay {
        /// First day, 2026-01-31
        #[arg(long)]
        from: String,
        /// Last day, included
        #[arg(long)]
        to: String,
        /// IANA name; the site's own without one
        #[arg(long)]
        time_zone: Option<String>,
        /// Write down what changes
        #[arg(long)]
        apply: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Deliveries {
    /// All of them, oldest first
    List {
        /// Of this receiver only
        #[arg(long)]
        receiver: Option<String>,
        /// waiting or dead
        #[arg(long)]
        state: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Send again what was given up: one delivery, or `all` of the receiver
    Send { receiver: String, delivery: String },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Stocks {
    /// The sites that share it, and where its numbers are
    Show { stock: String },
    /// Put numbers into it, in any writing
    Add {
        stock: String,
        #[command(flatten)]
        given: Given,
        #[command(flatten)]
        written: Written,
    },
    /// Take numbers out of it; a lent one leaves when its site gives it back
    Remove {
        stock: String,
        #[command(flatten)]
        given: Given,
        #[command(flatten)]
        written: Written,
    },
    /// Say which sites share it, all of them (the deployer's token makes a stock)
    Share {
        stock: String,
        #[arg(required = true)]
        sites: Vec<String>,
    },
    /// Have the site's pools take and give back shared numbers now
    Keep,
    /// The stock's audit log, newest first
    Audit {
        stock: String,
        #[command(flatten)]
        page: Page,
    },
    /// Compare the stock with its sites
    Check { stock: String },
    /// Keys of the stock
    #[command(subcommand)]
    Keys(StockKeys),
}

#[derive(Debug, Subcommand)]
pub(crate) enum StockKeys {
    /// All keys with the day of their last use
    List { stock: String },
    /// Make a key; its token is shown once
    Create {
        stock: String,
        name: String,
        #[arg(long)]
        role: Role,
    },
    /// Revoke a key
    Revoke {
        stock: String,
        #[arg(value_name = "KEY")]
        id: String,
    },
}

/// What numbers without `+` mean.
#[derive(Debug, Default, Args)]
pub(crate) struct Written {
    /// Country code of numbers without +
    #[arg(long)]
    pub(crate) country_code: Option<String>,
    /// Area code of local numbers
    #[arg(long)]
    pub(crate) area_code: Option<String>,
}

/// Which part of a list.
#[derive(Debug, Args)]
pub(crate) struct Page {
    /// Rows of a page, at most 200
    #[arg(long)]
    pub(crate) limit: Option<u64>,
    /// The cursor that the page before ended with
    #[arg(long)]
    pub(crate) cursor: Option<String>,
    /// Every page
    #[arg(long, conflicts_with = "cursor")]
    pub(crate) all: bool,
}

/// Days of a report.
#[derive(Debug, Args)]
pub(crate) struct Days {
    /// First day, 2026-01-31; six days ago without one
    #[arg(long)]
    pub(crate) from: Option<String>,
    /// Last day, included
    #[arg(long)]
    pub(crate) to: Option<String>,
    /// IANA name; the site's own without one
    #[arg(long)]
    pub(crate) time_zone: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// source, campaign, keyword, landing, region, number or hour
    #[arg(default_value = "source")]
    pub(crate) dimension: String,
    #[command(flatten)]
    pub(crate) days: Days,
    /// The attribution model
    #[arg(long)]
    pub(crate) model: Option<String>,
    /// As CSV
    #[arg(long, conflicts_with = "json")]
    pub(crate) csv: bool,
}

#[derive(Debug, Args)]
pub(crate) struct FileOf {
    /// calls.csv, calls.jsonl, metrica.csv or google.csv
    #[arg(default_value = "calls.csv")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) days: Days,
    /// Of metrica.csv: client_id, user_id or yclid
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// Of google.csv: the conversion's name
    #[arg(long)]
    pub(crate) conversion: Option<String>,
    /// Calls that are no target calls too
    #[arg(long)]
    pub(crate) all_calls: bool,
    /// A file; stdout without one
    #[arg(short, long)]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Sizing {
    /// Visits a day that ask for a number
    #[arg(long)]
    pub(crate) visits_per_day: Option<f64>,
    /// Share of calls to credit to the right visit, 0.5 to 0.99
    #[arg(long)]
    pub(crate) accuracy: Option<f64>,
    /// Numbers there are
    #[arg(long)]
    pub(crate) numbers: Option<u32>,
    /// The fixed hold the owner is used to, in seconds
    #[arg(long)]
    pub(crate) hold_s: Option<f64>,
    /// Seconds of activity a visit
    #[arg(long)]
    pub(crate) active_s: Option<f64>,
    /// Visits of the busiest hour over the mean hour
    #[arg(long)]
    pub(crate) busy_hour_factor: Option<f64>,
}

#[derive(Debug, Args)]
pub(crate) struct Api {
    /// The operation as openapi.json names it; without one all are listed
    pub(crate) operation: Option<String>,
    /// Names of the path after the site, in order
    pub(crate) names: Vec<String>,
    /// A parameter: NAME=VALUE
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) query: Vec<String>,
    /// A file that is sent as the body
    #[arg(long)]
    pub(crate) body: Option<PathBuf>,
    /// The ETag of the version to replace
    #[arg(long)]
    pub(crate) if_match: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Profiles {
    /// All profiles, keys left out
    List,
    /// Keep --url, --key and --site under a name
    Set {
        name: String,
        /// Use it where no profile is named
        #[arg(long)]
        default: bool,
    },
    /// Forget a profile
    Forget { name: String },
}

#[cfg(test)]
mod tests;
