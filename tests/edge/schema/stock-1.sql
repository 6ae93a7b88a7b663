-- The database of a stock as schema version 1 had it.

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

INSERT INTO site VALUES ('shop');
INSERT INTO number (number, added_ms, freed_ms) VALUES ('74950008801', 1795310762860, 1795310762860);
INSERT INTO number (number, added_ms, freed_ms) VALUES ('74950008802', 1795310762860, 1795310762860);
INSERT INTO loan VALUES (1, '74950008801', 'shop', 'main', 1795310763000, 1795310764000);

CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;
INSERT INTO schema_version VALUES (1);
