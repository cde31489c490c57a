-- Browsers that customers have signed in with, so that a new one is noticed.
CREATE TABLE device (
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer (id),
    digest      BYTEA NOT NULL,             -- keyed digest of the customer and a value of the browser's cookie
    first_seen  BIGINT NOT NULL,
    last_seen   BIGINT NOT NULL,
    PRIMARY KEY (customer_id, digest)
);
CREATE INDEX device_by_use ON device (last_seen);

-- What customers are told, because it was done in their name: written with what it tells of, sent later.
CREATE TABLE receipt (
    id          TEXT COLLATE "C" PRIMARY KEY,          -- sorts by time
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer (id),
    kind        TEXT COLLATE "C" NOT NULL,             -- consent, credential, sign-in
    at          BIGINT NOT NULL,          -- when it happened
    sealed      BYTEA NOT NULL,             -- sealed: what exactly
    status      TEXT COLLATE "C" NOT NULL,             -- waiting, sent, failed, unaddressed
    attempts    BIGINT NOT NULL,          -- that were begun
    next_at     BIGINT                    -- when somebody may try, while it waits; whoever tries moves it on
);
CREATE INDEX receipt_due ON receipt (next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX receipt_by_time ON receipt (at);
CREATE INDEX receipt_by_customer ON receipt (customer_id);

-- How many receipts a customer was to get since a moment, so that nobody can have them flooded.
ALTER TABLE customer ADD COLUMN receipts_since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE customer ADD COLUMN receipts BIGINT NOT NULL DEFAULT 0;
