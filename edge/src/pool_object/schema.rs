//! The tables of a pool: its journal and a few facts about itself.
//!
//! Exclusivity is in the schema: a lease of a number has the generation after that of the lease
//! before, so two leases that stood at once would have the same one, which the index refuses. It
//! needs no row to be changed when a lease ends, so a grant is one appended row.

/// See [`crate::schema::migrate`].
pub(crate) const STEPS: &[&str] = &[V1, V2, V3, V4, V5, V6, V7, V8, V9];

/// Grants that came with a number from another object go by their own age.
const V2: &str = "
CREATE INDEX history_by_age ON journal (at_ms) WHERE kind = 'history';
";

/// Ids that other systems gave a visitor after his number was lent: at most one row a visit.
const V5: &str = "
CREATE TABLE late_ids (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    visit TEXT NOT NULL UNIQUE,
    ids TEXT NOT NULL
) STRICT;
";

/// The numbers of a part of a snapshot, packed; parts that an earlier version wrote have theirs in
/// the journal.
const V6: &str = "
CREATE TABLE snapshot_part (
    row INTEGER PRIMARY KEY,
    numbers BLOB NOT NULL
) STRICT;
";

/// Numbers of configurations are packed too, and all of them in a form that an earlier program
/// does not read.
const V7: &str = "
ALTER TABLE snapshot_part RENAME TO packed;
";

/// Holders of a snapshot are packed in a form that an earlier program does not read. No table
/// changes; what was packed for rows that are no more goes.
const V8: &str = "
DELETE FROM packed WHERE row NOT IN (SELECT row FROM journal);
";

/// What is read of the past holders of a part of a snapshot once its numbers are lent again.
const V9: &str = "
CREATE TABLE past (
    row INTEGER PRIMARY KEY,
    holders BLOB NOT NULL
) STRICT;
";

/// Visits that no grant tells of: those without a number, and those that share one.
const V3: &str = "
CREATE TABLE visit (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    visit TEXT NOT NULL,
    visitor TEXT NOT NULL,
    number TEXT,
    context TEXT NOT NULL
) STRICT;
";

const V1: &str = "
CREATE TABLE journal (
    row INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    number TEXT,
    generation INTEGER,
    entry TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX one_lease_of_a_number ON journal (number, generation) WHERE kind = 'grant';

CREATE TABLE fact (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

/// Numbers on their way to another shard, until it has confirmed them.
const V4: &str = "
CREATE TABLE parcel (
    id INTEGER PRIMARY KEY,
    target INTEGER NOT NULL,
    content TEXT NOT NULL
) STRICT;
";
