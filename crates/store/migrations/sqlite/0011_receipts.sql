-- Browsers that customers have signed in with, so that a new one is noticed.
CREATE TABLE device (
    customer_id TEXT NOT NULL REFERENCES customer (id),
    digest      BLOB NOT NULL,             -- keyed digest of the customer and a value of the browser's cookie
    first_seen  INTEGER NOT NULL,
    last_seen   INTEGER NOT NULL,
    PRIMARY KEY (customer_id, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX device_by_use ON device (last_seen);

-- What customers are told, because it was done in their name: written with what it tells of, sent later.
CREATE TABLE receipt (
    id          TEXT PRIMARY KEY,          -- sorts by time
    customer_id TEXT NOT NULL REFERENCES customer (id),
    kind        TEXT NOT NULL,             -- consent, credential, sign-in
    at          INTEGER NOT NULL,          -- when it happened
    sealed      BLOB NOT NULL,             -- sealed: what exactly
    status      TEXT NOT NULL,             -- waiting, sent, failed, unaddressed
    attempts    INTEGER NOT NULL,          -- that were begun
    next_at     INTEGER                    -- when somebody may try, while it waits; whoever tries moves it on
) STRICT;
CREATE INDEX receipt_due ON receipt (next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX receipt_by_time ON receipt (at);
CREATE INDEX receipt_by_customer ON receipt (customer_id);

-- How many receipts a customer was to get since a moment, so that nobody can have them flooded.
ALTER TABLE customer ADD COLUMN receipts_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE customer ADD COLUMN receipts INTEGER NOT NULL DEFAULT 0;
