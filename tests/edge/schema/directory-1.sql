CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;
CREATE TABLE site (site TEXT PRIMARY KEY, created_at_ms INTEGER NOT NULL) STRICT;
INSERT INTO schema_version (version) VALUES (1);
INSERT INTO site (site, created_at_ms) VALUES ('old', 1795310763000);
