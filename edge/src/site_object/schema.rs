//! The tables of a site.
//!
//! History is append-only: versions of the configuration, events of calls, attributions and the
//! audit log are inserted, never changed. What can be derived from them (a call's record, a
//! number's last call) is kept beside them for reading and can be made anew.

/// See [`crate::schema::migrate`].
pub(crate) const STEPS: &[&str] = &[V1, V2, V3, V4, V5, V6, V7, V8];

/// Tables of delays that pools begin with.
const V8: &str = "
CREATE TABLE delay_table (
    pool TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    counts TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Calls that were reported here and are another site's.
const V7: &str = "
CREATE TABLE passed_call (
    call TEXT PRIMARY KEY,
    site TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX passed_call_by_age ON passed_call (at_ms);
";

/// How pools are divided among objects: those that ever were.
const V6: &str = "
CREATE TABLE pool_shards (
    pool TEXT PRIMARY KEY,
    shards INTEGER NOT NULL,
    most INTEGER NOT NULL,
    settled INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Numbers borrowed from stocks that sites share.
const V4: &str = "
CREATE TABLE borrowed (
    number TEXT PRIMARY KEY,
    stock TEXT NOT NULL,
    pool TEXT NOT NULL,
    loan INTEGER NOT NULL,
    since_ms INTEGER NOT NULL,
    returning_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE borrow_revision (revision INTEGER NOT NULL) STRICT;
INSERT INTO borrow_revision VALUES (0);
";

/// What the site does by itself, and when.
const V3: &str = "
CREATE TABLE duty (
    name TEXT PRIMARY KEY,
    due_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO duty SELECT 'retention', 0 WHERE EXISTS (SELECT 1 FROM config_version);
INSERT INTO duty SELECT 'credit', 0 WHERE EXISTS (SELECT 1 FROM call WHERE waiting = 1);
";

/// What happened to calls, for everybody who has to be told, and what is on its way to the site's
/// receivers.
const V5: &str = "
ALTER TABLE call ADD COLUMN told TEXT NOT NULL DEFAULT '';

CREATE TABLE outbox (
    sequence INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    event TEXT NOT NULL,
    call TEXT NOT NULL,
    revision INTEGER NOT NULL
) STRICT;

-- The body is written once; the entry, which tells where the delivery stands, with every attempt.
CREATE TABLE delivery (
    receiver TEXT NOT NULL,
    id INTEGER NOT NULL,
    entry TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (receiver, id)
) STRICT;
";

/// Raw events that could not be understood.
const V2: &str = "
CREATE TABLE kept_event (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    event TEXT NOT NULL
) STRICT;
";

const V1: &str = "
CREATE TABLE config_version (
    version INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    author TEXT NOT NULL,
    note TEXT NOT NULL,
    document TEXT NOT NULL
) STRICT;

-- Every number the site ever had in a pool, and where it was: calls to a number that was taken away
-- still belong to its last holder.
CREATE TABLE number_place (
    number TEXT NOT NULL,
    pool TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    until_ms INTEGER,
    PRIMARY KEY (number, pool, since_ms)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX number_in_one_pool ON number_place (number) WHERE until_ms IS NULL;

CREATE TABLE call_event (
    dedupe_key TEXT PRIMARY KEY,
    call TEXT NOT NULL,
    received_at_ms INTEGER NOT NULL,
    event TEXT NOT NULL
) STRICT;
CREATE INDEX call_event_of_call ON call_event (call);

CREATE TABLE call (
    call TEXT PRIMARY KEY,
    started_at_ms INTEGER NOT NULL,
    dialed TEXT,
    caller TEXT,
    record TEXT NOT NULL,
    -- What the attribution in force was decided by (number and start), empty while there is none:
    -- a call whose record says otherwise waits to be credited.
    credited_by TEXT NOT NULL DEFAULT '',
    waiting INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX call_by_time ON call (started_at_ms, call);
CREATE INDEX call_of_caller ON call (caller, started_at_ms) WHERE caller IS NOT NULL;
CREATE INDEX call_of_number ON call (dialed, started_at_ms) WHERE dialed IS NOT NULL;
CREATE INDEX call_waiting ON call (call) WHERE waiting = 1;

-- The last revision of a call is the one in force; corrections are appended.
CREATE TABLE attribution (
    call TEXT NOT NULL,
    revision INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    author TEXT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (call, revision)
) STRICT, WITHOUT ROWID;

-- Chained by hash: a row cannot be changed or left out unseen.
CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    request TEXT NOT NULL,
    before_hash TEXT NOT NULL,
    after_hash TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;

CREATE TABLE api_key (
    key TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    created_at_ms INTEGER NOT NULL,
    last_used_at_ms INTEGER,
    revoked_at_ms INTEGER
) STRICT;

-- Made here, told to nobody: the pepper of callers' hashes.
CREATE TABLE secret (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    request_hash TEXT NOT NULL,
    status INTEGER NOT NULL,
    etag TEXT,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX idempotency_by_age ON idempotency (at_ms);
";
