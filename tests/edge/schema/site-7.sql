-- The database of a site as schema version 7 had it.
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

INSERT INTO config_version (version, at_ms, author, note, document) VALUES (1, 1795310762860, 'deployer', '', '{"v":1,"site":"shop","name":"Shop","origins":["https://shop.example"],"time_zone":"Europe/Moscow","locale":"en","country_code":"7","area_code":"495","consent":"granted","pools":[{"id":"main","numbers":["74950000001","74950000002","74950000003","74950000004"],"hold_ms":150000,"idle_release_ms":60000}],"scenarios":[{"id":"all","name":"Everybody","enabled":true,"kind":"dynamic","pool":"main","priority":1,"conditions":[],"targets":[{"class":"phone"}],"reserve_number":"74950009999","overflow":"reserve"}],"telephony":{"generic":{"secrets":["a-secret-of-the-generic-provider-0123456789"]}},"retention":{"visit_days":3650,"call_days":3650}}');
INSERT INTO config_version (version, at_ms, author, note, document) VALUES (2, 1795310763635, 'deployer', 'renamed', '{"v":1,"site":"shop","name":"Second","origins":["https://shop.example"],"time_zone":"Europe/Moscow","locale":"en","country_code":"7","area_code":"495","consent":"granted","pools":[{"id":"main","numbers":["74950000001","74950000002","74950000003","74950000004"],"hold_ms":150000,"idle_release_ms":60000}],"scenarios":[{"id":"all","name":"Everybody","enabled":true,"kind":"dynamic","pool":"main","priority":1,"conditions":[],"targets":[{"class":"phone"}],"reserve_number":"74950009999","overflow":"reserve"}],"telephony":{"generic":{"secrets":["a-secret-of-the-generic-provider-0123456789"]}},"retention":{"visit_days":3650,"call_days":3650}}');
INSERT INTO number_place (number, pool, since_ms, until_ms) VALUES ('74950000001', 'main', 1795310762860, NULL);
INSERT INTO number_place (number, pool, since_ms, until_ms) VALUES ('74950000002', 'main', 1795310762860, NULL);
INSERT INTO number_place (number, pool, since_ms, until_ms) VALUES ('74950000003', 'main', 1795310762860, NULL);
INSERT INTO number_place (number, pool, since_ms, until_ms) VALUES ('74950000004', 'main', 1795310762860, NULL);
INSERT INTO call_event (dedupe_key, call, received_at_ms, event) VALUES ('generic/first/start', '7z3wvpnc0v410g6w5hg2wt4wn3', 1795310763415, '{"provider":"generic","provider_call_id":"first","phase":"start","direction":"in","caller":"79001112233","dialed":"74950000001","started_at":1795310763395,"received_at":1795310763415,"dedupe_key":"generic/first/start","coverage":"whole"}');
INSERT INTO call (call, started_at_ms, dialed, caller, record, credited_by, waiting) VALUES ('7z3wvpnc0v410g6w5hg2wt4wn3', 1795310763395, '74950000001', '79001112233', '{"provider":"generic","provider_call_id":"first","phases":["start"],"direction":{"rank":0,"value":"in"},"caller":{"rank":0,"value":{"number":"79001112233"}},"dialed":{"rank":0,"value":"74950000001"},"forwarded_from":null,"started_at":1795310763395,"answered_at":null,"ended_at":null,"duration_s":null,"talk_s":null,"status":null,"recordings":[],"heard_at":1795310763415,"coverage":"whole","extra":{}}', '74950000001@1795310763395<79001112233', 0);
INSERT INTO attribution (call, revision, at_ms, author, outcome) VALUES ('7z3wvpnc0v410g6w5hg2wt4wn3', 1, 1795310763568, 'system', '{"kind":"visit","reason":"active","probability":0.93405503,"source":"vk4_post","visit":"7q03wj3wqchxgdw6qc7efc552z","visitor":"46t7m8aghbsgey2zdnwdqw01q8","lease":"1f9fhp7dxhpxz0s5775vgx9spr","scenario":"all","context":{"source":"vk4_post","labels":{"marker":"vk4_post"},"origin":{"channel":"social","source":"vk4","referrer_domain":""},"referrer":"","landing_page":"https://shop.example/?roistat=vk4_post","geo":{"country":"","region":"","region_code":"","city":""},"device":"desktop","is_returning":false},"candidates":[{"visit":"7q03wj3wqchxgdw6qc7efc552z","visitor":"46t7m8aghbsgey2zdnwdqw01q8","lease":"1f9fhp7dxhpxz0s5775vgx9spr","granted_at":1795310763275,"last_activity":1795310763359,"probability":0.93405503,"reasons":[{"code":"active"}],"source":"vk4_post"}],"stranger":0.06594498,"touches":[{"at":1795310763275,"source":"vk4_post","channel":"social"}]}');
INSERT INTO audit (sequence, at_ms, actor, action, subject, request, before_hash, after_hash, hash) VALUES (1, 1795310762860, 'deployer', 'config.write', 'version/1', 'b925f35bc4e8b9d3', '', '131038b5b8f67dee93540ad941c150bb7fb4dd4b5024315cc7e6e09ee431a9ef', 'c6f2e148f34c706c5a1857d139b1dc3fb2a47e4f239ca7eadd3886c2bbd67ac2');
INSERT INTO audit (sequence, at_ms, actor, action, subject, request, before_hash, after_hash, hash) VALUES (2, 1795310763635, 'deployer', 'config.write', 'version/2', '14c3822817fe244e', '131038b5b8f67dee93540ad941c150bb7fb4dd4b5024315cc7e6e09ee431a9ef', '576178d1e4eeee181494c9a1ae4acb0b70fd6518f27ce03fe4a7e90c98edf33f', 'a0f7fac3905253a872b54b1d6e5ae5df36c5a0ddfda5450607e91723506f5337');
INSERT INTO audit (sequence, at_ms, actor, action, subject, request, before_hash, after_hash, hash) VALUES (3, 1795310763743, 'deployer', 'key.create', 'key/8313fc88cd83c', 'a0569c6e90b2b0b8', '', '', '1c088d2eb983286c722ddbb43534caa25fd384e84b4c0cdf08294d18ff232319');
INSERT INTO api_key (key, name, role, token_hash, created_at_ms, last_used_at_ms, revoked_at_ms) VALUES ('8313fc88cd83c', 'old', 'viewer', 'affc61a097c5936ee965f26efe854e6d3f7717db923820754a1fac936c7aac18', 1795310763743, 1795305600000, NULL);
CREATE TABLE kept_event (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    event TEXT NOT NULL
) STRICT;

CREATE TABLE duty (
    name TEXT PRIMARY KEY,
    due_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO duty SELECT 'retention', 0 WHERE EXISTS (SELECT 1 FROM config_version);
INSERT INTO duty SELECT 'credit', 0 WHERE EXISTS (SELECT 1 FROM call WHERE waiting = 1);

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

CREATE TABLE pool_shards (
    pool TEXT PRIMARY KEY,
    shards INTEGER NOT NULL,
    most INTEGER NOT NULL,
    settled INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE passed_call (
    call TEXT PRIMARY KEY,
    site TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX passed_call_by_age ON passed_call (at_ms);

CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;
INSERT INTO schema_version VALUES (7);
