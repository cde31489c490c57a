-- To which key a token is bound, and what it is for in detail (RFC 9396).
ALTER TABLE access_token ADD COLUMN binding TEXT;    -- 'jkt:' or 'x5t#S256:' and the thumbprint; NULL: whoever has it
ALTER TABLE access_token ADD COLUMN details TEXT;    -- JSON
ALTER TABLE consent_grant ADD COLUMN details TEXT;   -- JSON
ALTER TABLE consent_grant ADD COLUMN management TEXT NOT NULL DEFAULT 'none';  -- whether the app is told the grant's name: none, create
ALTER TABLE code ADD COLUMN dpop_jkt TEXT;           -- thumbprint of the key that must redeem it

-- What may come once only: names of assertions and proofs, until nobody would take them any more.
CREATE TABLE used_once (
    digest     BLOB PRIMARY KEY,           -- SHA-256 of whose it is and of its name
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX used_once_by_end ON used_once (expires_at);

-- What apps ask for can name people (login_hint), so it is sealed from now on. Both tables hold only what is under way for minutes, and are
-- made anew.
DROP TABLE interaction;
DROP TABLE pushed_request;

-- Authorization requests that were pushed (RFC 9126).
CREATE TABLE pushed_request (
    digest     BLOB PRIMARY KEY,          -- SHA-256 of the reference
    client_id  TEXT NOT NULL REFERENCES client (id),
    sealed     BLOB NOT NULL,             -- sealed: what is asked for
    expires_at INTEGER NOT NULL,
    used_at    INTEGER                    -- when a customer had answered
) STRICT;
CREATE INDEX pushed_request_by_end ON pushed_request (expires_at);

-- A customer on the way through sign-in and consent.
CREATE TABLE interaction (
    digest         BLOB PRIMARY KEY,      -- SHA-256 of its id
    browser_digest BLOB NOT NULL,         -- SHA-256 of the cookie of the browser that began it
    sealed         BLOB,                  -- sealed: what an app asks for; NULL: the customer's own pages
    pushed_digest  BLOB,
    customer_id    TEXT REFERENCES customer (id),  -- whose password was right
    signed_in_at   INTEGER,               -- when the second factor was right as well
    expires_at     INTEGER NOT NULL,
    ended_at       INTEGER
) STRICT;
CREATE INDEX interaction_by_end ON interaction (expires_at);
