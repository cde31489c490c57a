-- The record of what happened, as a chain. An entry is written with the change that it tells of, or before the read is answered, into
-- the inbox; a job moves it into the chain a moment later.
DROP TABLE audit;
CREATE TABLE audit_inbox (
    id          TEXT PRIMARY KEY,          -- sorts by time
    at          INTEGER NOT NULL,
    event       TEXT NOT NULL,
    outcome     TEXT NOT NULL,             -- done, refused
    client_id   TEXT,
    customer_id TEXT,
    consent_id  TEXT,
    account_id  TEXT,
    reason      TEXT,
    interaction TEXT,
    address     BLOB,                      -- sealed: the network address of the caller
    mac         BLOB NOT NULL              -- keyed digest of all of the above
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
    position    INTEGER PRIMARY KEY,       -- 1, 2, 3 and so on, none left out
    id          TEXT NOT NULL UNIQUE,
    at          INTEGER NOT NULL,
    event       TEXT NOT NULL,
    outcome     TEXT NOT NULL,
    client_id   TEXT,
    customer_id TEXT,
    consent_id  TEXT,
    account_id  TEXT,
    reason      TEXT,
    interaction TEXT,
    address     BLOB,                      -- sealed
    mac         BLOB NOT NULL,
    hash        BLOB NOT NULL              -- SHA-256 of the hash before, and of this entry with its place and mac
) STRICT;
CREATE INDEX audit_by_client ON audit (client_id, id) WHERE client_id IS NOT NULL;
CREATE INDEX audit_by_customer ON audit (customer_id, id) WHERE customer_id IS NOT NULL;
CREATE INDEX audit_by_consent ON audit (consent_id, id) WHERE consent_id IS NOT NULL;
-- Where the chain ends.
CREATE TABLE audit_head (
    name     TEXT PRIMARY KEY,             -- chain
    position INTEGER NOT NULL,
    hash     BLOB NOT NULL
) STRICT;
-- Signed statements of what the chain was.
CREATE TABLE audit_checkpoint (
    position INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    jws      TEXT NOT NULL
) STRICT;
-- What signs them.
CREATE TABLE audit_key (
    kid        TEXT PRIMARY KEY,
    alg        TEXT NOT NULL,
    sealed     BLOB NOT NULL,              -- sealed: the private key, PKCS #8
    created_at INTEGER NOT NULL
) STRICT;
-- Whoever owns the database can take these away; for them there is the chain.
CREATE TRIGGER audit_inbox_unchanged BEFORE UPDATE ON audit_inbox BEGIN
    SELECT RAISE(ABORT, 'the record is never changed');
END;
CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the record is never changed');
END;
CREATE TRIGGER audit_undeleted BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the record is never shortened');
END;
CREATE TRIGGER audit_checkpoint_unchanged BEFORE UPDATE ON audit_checkpoint BEGIN
    SELECT RAISE(ABORT, 'the record is never changed');
END;
CREATE TRIGGER audit_checkpoint_undeleted BEFORE DELETE ON audit_checkpoint BEGIN
    SELECT RAISE(ABORT, 'the record is never shortened');
END;
