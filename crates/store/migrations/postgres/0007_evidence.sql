-- The record of what happened, as a chain. An entry is written with the change that it tells of, or before the read is answered, into
-- the inbox; a job moves it into the chain a moment later. The inbox has a row for each transaction, because calls wait for it.
DROP TABLE audit;
CREATE TABLE audit_inbox (
    id          TEXT PRIMARY KEY,          -- the lowest identifier of its entries; sorts by time
    at          BIGINT NOT NULL,           -- when that one was
    entries     BIGINT NOT NULL,           -- how many
    packed      BYTEA NOT NULL             -- the entries, each with a keyed digest of it
);
CREATE TABLE audit (
    position    BIGINT PRIMARY KEY,        -- 1, 2, 3 and so on, none left out
    id          TEXT NOT NULL,
    at          BIGINT NOT NULL,
    event       TEXT NOT NULL,
    outcome     TEXT NOT NULL,             -- done, refused
    client_id   TEXT,
    customer_id TEXT,
    consent_id  TEXT,
    account_id  TEXT,
    reason      TEXT,
    interaction TEXT,
    address     BYTEA,                     -- sealed: the network address of the caller
    mac         BYTEA NOT NULL,            -- keyed digest of all of the above but the position
    hash        BYTEA NOT NULL             -- SHA-256 of the hash before, and of this entry with its place and mac
);
-- Entries that were chained together, and whom they are about: for looking up. An index on each of the columns above would cost
-- every read several pages; so would one on the time.
CREATE TABLE audit_span (
    last_position  BIGINT PRIMARY KEY,
    first_position BIGINT NOT NULL,
    last_at        BIGINT NOT NULL      -- the latest time in it
);
CREATE INDEX audit_span_by_time ON audit_span (last_at);
CREATE TABLE audit_subject (
    subject        TEXT NOT NULL,          -- an app, a customer or a consent
    last_position  BIGINT NOT NULL,     -- the span
    first_position BIGINT NOT NULL,
    PRIMARY KEY (subject, last_position)
);
-- Where the chain ends.
CREATE TABLE audit_head (
    name     TEXT PRIMARY KEY,             -- chain
    position BIGINT NOT NULL,
    hash     BYTEA NOT NULL
);
-- Signed statements of what the chain was.
CREATE TABLE audit_checkpoint (
    position BIGINT PRIMARY KEY,
    at       BIGINT NOT NULL,
    jws      TEXT NOT NULL
);
-- What signs them.
CREATE TABLE audit_key (
    kid        TEXT PRIMARY KEY,
    alg        TEXT NOT NULL,
    sealed     BYTEA NOT NULL,              -- sealed: the private key, PKCS #8
    created_at BIGINT NOT NULL
);
-- Whoever owns the database can take these away; for them there is the chain.
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the record is never changed and never shortened';
END
$$;
CREATE TRIGGER audit_inbox_unchanged BEFORE UPDATE ON audit_inbox FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_unchanged BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_untruncated BEFORE TRUNCATE ON audit EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_span_unchanged BEFORE UPDATE OR DELETE ON audit_span FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_span_untruncated BEFORE TRUNCATE ON audit_span EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_subject_unchanged BEFORE UPDATE OR DELETE ON audit_subject FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_subject_untruncated BEFORE TRUNCATE ON audit_subject EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_checkpoint_unchanged BEFORE UPDATE OR DELETE ON audit_checkpoint
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_checkpoint_untruncated BEFORE TRUNCATE ON audit_checkpoint EXECUTE FUNCTION audit_refuse();
