-- The record of what happened, as a chain. An entry is written with the change that it tells of, or before the read is answered, into
-- the inbox; a job moves it into the chain a moment later. The inbox has a row for each transaction, because calls wait for it.
DROP TABLE audit;
CREATE TABLE audit_inbox (
    id          TEXT PRIMARY KEY,          -- the lowest identifier of its entries; sorts by time
    at          INTEGER NOT NULL,          -- when that one was
    entries     INTEGER NOT NULL,          -- how many
    packed      BLOB NOT NULL              -- the entries, each with a keyed digest of it
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
    position    INTEGER PRIMARY KEY,       -- 1, 2, 3 and so on, none left out
    id          TEXT NOT NULL,
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
    mac         BLOB NOT NULL,             -- keyed digest of all of the above but the position
    hash        BLOB NOT NULL              -- SHA-256 of the hash before, and of this entry with its place and mac
) STRICT;
-- Entries that were chained together, and whom they are about: for looking up. An index on each of the columns above would cost
-- every read several pages; so would one on the time.
CREATE TABLE audit_span (
    last_position  INTEGER PRIMARY KEY,
    first_position INTEGER NOT NULL,
    last_at        INTEGER NOT NULL     -- the latest time in it
) STRICT;
CREATE INDEX audit_span_by_time ON audit_span (last_at);
CREATE TABLE audit_subject (
    subject        TEXT NOT NULL,          -- an app, a customer or a consent
    last_position  INTEGER NOT NULL,    -- the span
    first_position INTEGER NOT NULL,
    PRIMARY KEY (subject, last_position)
) STRICT, WITHOUT ROWID;
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
CREATE TRIGGER audit_span_unchanged BEFORE UPDATE ON audit_span BEGIN
    SELECT RAISE(ABORT, 'the record is never changed');
END;
CREATE TRIGGER audit_span_undeleted BEFORE DELETE ON audit_span BEGIN
    SELECT RAISE(ABORT, 'the record is never shortened');
END;
CREATE TRIGGER audit_subject_unchanged BEFORE UPDATE ON audit_subject BEGIN
    SELECT RAISE(ABORT, 'the record is never changed');
END;
CREATE TRIGGER audit_subject_undeleted BEFORE DELETE ON audit_subject BEGIN
    SELECT RAISE(ABORT, 'the record is never shortened');
END;
CREATE TRIGGER audit_checkpoint_unchanged BEFORE UPDATE ON audit_checkpoint BEGIN
    SELECT RAISE(ABORT, 'the record is never changed');
END;
CREATE TRIGGER audit_checkpoint_undeleted BEFORE DELETE ON audit_checkpoint BEGIN
    SELECT RAISE(ABORT, 'the record is never shortened');
END;
