//! The tables of a stock.
//!
//! Exclusivity is in the schema: a number is one row, and the row names at most one site.

/// See [`crate::schema::migrate`].
pub(super) const STEPS: &[&str] = &[V1, V2];

/// Keys of the owner of the sites, and what was answered to requests that may be sent again.
const V2: &str = "
CREATE TABLE api_key (
    key TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    created_at_ms INTEGER NOT NULL,
    last_used_at_ms INTEGER,
    revoked_at_ms INTEGER
) STRICT;

CREATE TABLE idempotency (
    key TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    request_hash TEXT NOT NULL,
    status INTEGER NOT NULL,
    etag TEXT,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX idempotency_by_age ON idempotency (at_ms);

CREATE INDEX loan_of_number ON loan (number, loan);
";

const V1: &str = "
CREATE TABLE site (site TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

CREATE TABLE number (
    number TEXT PRIMARY KEY,
    added_ms INTEGER NOT NULL,
    freed_ms INTEGER NOT NULL,
    leaving INTEGER NOT NULL DEFAULT 0,
    loan INTEGER,
    site TEXT,
    pool TEXT,
    lent_ms INTEGER,
    CHECK ((loan IS NULL) = (site IS NULL) AND (site IS NULL) = (pool IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX number_of_loan ON number (loan) WHERE loan IS NOT NULL;
CREATE INDEX number_of_site ON number (site) WHERE site IS NOT NULL;

-- Every lending there ever was: which site a number was at, and when.
CREATE TABLE loan (
    loan INTEGER PRIMARY KEY,
    number TEXT NOT NULL,
    site TEXT NOT NULL,
    pool TEXT NOT NULL,
    lent_ms INTEGER NOT NULL,
    returned_ms INTEGER
) STRICT;

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
";
