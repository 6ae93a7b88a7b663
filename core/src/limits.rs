//! Every maximum in one place, each with its derivation. Beyond a limit configuration is refused
//! with a fault, visitor data is cut with a warning, and who asks too often is told when to come
//! back; a page never hears of it and shows the number it would show without this system.

use crate::throttle::Rate;

/// Bytes of one site's configuration document: a Durable Object's SQLite stores at most 2 MB in a
/// row, and the row carries author, time and note besides.
pub const CONFIG_BYTES: usize = 1_900_000;
/// Numbers of one pool: 10,000 in a scenario is the largest pool we promise to serve.
pub const POOL_NUMBERS: usize = 10_000;
/// Numbers of one site in all pools: what fits [`CONFIG_BYTES`] at 14 bytes in a pool and about
/// 100 bytes in the register.
pub const SITE_NUMBERS: usize = 16_000;
/// Pools of one site: one for each scenario.
pub const POOLS: usize = 200;
/// Scenarios of one site: 200 is the largest count we promise to serve.
pub const SCENARIOS: usize = 200;
/// Conditions of one scenario: each dimension once with include and once with exclude.
pub const CONDITIONS: usize = 64;
/// Values of one condition: a list of the regions or cities of a country.
pub const CONDITION_VALUES: usize = 500;
/// Characters of one condition value: a search phrase or a landing page.
pub const CONDITION_VALUE_CHARS: usize = 512;
/// Targets of one scenario.
pub const TARGETS: usize = 50;
/// Characters of a selector, class, id or name.
pub const SELECTOR_CHARS: usize = 256;
/// Static bindings of one scenario.
pub const STATIC_BINDINGS: usize = 2_000;
/// Parameters whose combination owns a number: the limit of the field (Invoca allows 10).
pub const BINDING_PARAMS: usize = 10;
/// Characters of a mask: the longest written number with words around it.
pub const MASK_CHARS: usize = 64;
/// Origins of one site.
pub const ORIGINS: usize = 100;
/// Characters of a name shown to people.
pub const NAME_CHARS: usize = 120;
/// Greatest priority, either way.
pub const PRIORITY: i32 = 1_000;
/// Objects among which one pool may be divided.
pub const SHARDS: u64 = 16;
/// Accuracy a pool may be kept at, in per cent: who wants less needs no call tracking. A hundred is
/// what Roistat's keeping goes up to, and read as 99: no finite pool gives more.
pub const ACCURACY_PERCENT_MIN: u64 = 50;
/// The most of it.
pub const ACCURACY_PERCENT: u64 = 100;
/// Addresses or secrets of one telephony provider.
pub const ADDRESSES: usize = 64;
/// Most characters of a telephony secret.
pub const SECRET_CHARS: usize = 256;
/// Characters of an extension or login at an exchange.
pub const EXTENSION_CHARS: usize = 64;
/// Receivers of one site: a CRM, a warehouse and some more; each gets every call.
pub const RECEIVERS: usize = 10;
/// Characters of a receiver's address: beyond 2,000 servers begin to refuse.
pub const RECEIVER_URL_CHARS: usize = 2_000;
/// Fewest characters of a receiver's secret: 16 of base 32 are 80 bits.
pub const RECEIVER_SECRET_CHARS_MIN: usize = 16;
/// Shortest hold. Below it a number changes hands while its visitor still dials.
pub const HOLD_MS_MIN: u64 = 10_000;
/// Longest hold: seven days (10,080 minutes), the longest in the field (UIS).
pub const HOLD_MS: u64 = 604_800_000;
/// Shortest idle time: people stop moving to read for seconds.
pub const IDLE_RELEASE_MS_MIN: u64 = 5_000;
/// Longest idle time: a day.
pub const IDLE_RELEASE_MS: u64 = 86_400_000;
/// Longest cooldown: seven days, as the longest hold.
pub const COOLDOWN_MS: u64 = 604_800_000;
/// Longest target-call threshold in seconds: an hour.
pub const TARGET_TALK_S: u64 = 3_600;
/// Most days any class of data is kept: ten years.
pub const RETENTION_DAYS: u64 = 3_650;
/// Levels of a Roistat label: its documented limit.
pub const LABEL_LEVELS: usize = 7;
/// Bytes of an address that are read: browsers and proxies cut near 8 KiB.
pub const URL_BYTES: usize = 8_192;
/// Parameters of an address that are read.
pub const URL_PARAMS: usize = 256;
/// Characters of one label value that are kept: the longest click ids have about 400.
pub const LABEL_VALUE_CHARS: usize = 512;
/// Warnings kept for one visit: for people to read.
pub const LABEL_WARNINGS: usize = 16;
/// Touches kept of one visitor: the first, and the latest others.
pub const TOUCHES: usize = 32;
/// Numbers in one pasted list: one pool.
pub const LIST_NUMBERS: usize = POOL_NUMBERS;
/// Characters of a refused piece that are shown back.
pub const LIST_ECHO_CHARS: usize = 64;
/// Faults listed at most: beyond it the document is of another kind altogether.
pub const FAULTS: usize = 500;
/// Bytes of a message of the agent: an address of [`URL_BYTES`] is cut by the agent so that the
/// whole message fits.
pub const VISIT_BODY_BYTES: usize = 8_192;
/// Bytes of a telephony webhook: the longest seen (a call's full detail record) has about 20 kB.
pub const WEBHOOK_BODY_BYTES: usize = 64_000;
/// Bytes of a request that acts on numbers: [`LIST_NUMBERS`] numbers of 20 bytes as pasted, with
/// their separators.
pub const NUMBER_ACTION_BODY_BYTES: usize = 256_000;
/// Bytes of a request that makes a key: a name and a role.
pub const KEY_BODY_BYTES: usize = 4_096;
/// Bytes of a site's export that is put back in one request: some 4,000 messages of 1 MB, which
/// are sent on while it is read. Platforms take less (Cloudflare: 100 MB and 1,000 messages), and
/// an export may be longer: it can be sent in parts.
pub const IMPORT_BODY_BYTES: usize = 4_000_000_000;
/// Parts of an import: at 1 MB each, ten times what an object can hold (10 GB).
pub const IMPORT_PARTS: u64 = 100_000;
/// Characters of the name of an import.
pub const UPLOAD_CHARS: usize = 64;
/// Rows in one page of a list.
pub const PAGE_ROWS: u64 = 200;
/// The same where nobody says how many: two screens.
pub const PAGE_ROWS_USUAL: u64 = 50;
/// Numbers in one page of a list of numbers: some 20 ms of an object's time.
pub const PAGE_NUMBERS: u64 = 1_000;
/// Characters of what a page remembers for the edge: it comes back in every message beside an
/// address, within [`VISIT_BODY_BYTES`].
pub const MEMORY_CHARS: usize = 2_048;
/// Characters of an id that another system gave the visitor: the longest have about 40.
pub const PAGE_ID_CHARS: usize = 64;
/// Bytes of a request about one call: a correction with its reason.
pub const CORRECTION_BODY_BYTES: usize = 8_192;
/// Characters of a correction's reason.
pub const NOTE_CHARS: usize = 500;
/// Bytes of a table of delays: 48 classes of 46 ages, calls and seconds, at 20 characters, and the
/// same again for whoever indents it.
pub const DELAYS_BODY_BYTES: usize = 200_000;
/// Bytes of a question to the calculator: six numbers by their names.
pub const SIZING_BODY_BYTES: usize = 1_024;
/// Requests of one key of a site: a person and his dashboard ask a few times a second, a program
/// that reads everything some hundred times at once.
pub const KEY_REQUESTS: Rate = Rate::new(600, 50);
/// Requests of the deployer to one site: what its object answers in a second, and a restore's or a
/// test's thousands at once. It guards the object from a program gone wild, not from the deployer.
pub const DEPLOYER_REQUESTS: Rate = Rate::new(5_000, 5);
/// Requests to one site with a credential that is none: a wrong key in a program's settings is seen
/// at once; keys have 256 bits, so nobody finds one by trying.
pub const REFUSED_CREDENTIALS: Rate = Rate::new(300, 1_000);
/// Verified events of one provider of a site: a hundred a second is some twenty calls beginning
/// and ending every second for hours. A call is never refused short of that.
pub const PROVIDER_EVENTS: Rate = Rate::new(6_000, 10);
/// Webhooks of one provider path and network that could not prove themselves. They are counted
/// apart, so that they never stand in the way of those that can.
pub const REFUSED_WEBHOOKS: Rate = Rate::new(60, 1_000);
/// Messages of one network's pages to one site in one isolate: a hundred visitors who do something
/// every two seconds.
pub const PAGE_MESSAGES: Rate = Rate::new(1_200, 20);
/// New visitors of one network to one pool: 100,000 visits a day are 3.5 in the busiest second, of
/// which one network of 256 addresses is no third.
pub const NEW_VISITORS: Rate = Rate::new(60, 1_000);
/// Share of a pool that one network may hold while more than half of it is in use, in hundredths.
pub const PREFIX_SHARE: usize = 10;
/// Numbers that one network may hold however small the pool: a household, an office's few.
pub const PREFIX_NUMBERS_MIN: usize = 4;
/// Releases of the agent kept for pages that pin them: some 150 kB each, years of deployments.
pub const RELEASES_KEPT: u64 = 50;
