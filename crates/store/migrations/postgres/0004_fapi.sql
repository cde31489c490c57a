-- To which key a token is bound, and what it is for in detail (RFC 9396).
ALTER TABLE access_token ADD COLUMN binding TEXT COLLATE "C";    -- 'jkt:' or 'x5t#S256:' and the thumbprint; NULL: whoever has it
ALTER TABLE access_token ADD COLUMN details TEXT COLLATE "C";    -- JSON
ALTER TABLE consent_grant ADD COLUMN details TEXT COLLATE "C";   -- JSON
ALTER TABLE consent_grant ADD COLUMN management TEXT COLLATE "C" NOT NULL DEFAULT 'none';  -- whether the app is told the grant's name: none, create
ALTER TABLE code ADD COLUMN dpop_jkt TEXT COLLATE "C";           -- thumbprint of the key that must redeem it

-- What may come once only: names of assertions and proofs, until nobody would take them any more.
CREATE TABLE used_once (
    digest     BYTEA PRIMARY KEY,          -- SHA-256 of whose it is and of its name
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_once_by_end ON used_once (expires_at);

-- What apps ask for can name people (login_hint), so it is sealed from now on. Both tables hold only what is under way for minutes, and are
-- made anew.
DROP TABLE interaction;
DROP TABLE pushed_request;

-- Authorization requests that were pushed (RFC 9126).
CREATE TABLE pushed_request (
    digest     BYTEA PRIMARY KEY,          -- SHA-256 of the reference
    client_id  TEXT COLLATE "C" NOT NULL REFERENCES client (id),
    sealed     BYTEA NOT NULL,             -- sealed: what is asked for
    expires_at BIGINT NOT NULL,
    used_at    BIGINT                    -- when a customer had answered
);
CREATE INDEX pushed_request_by_end ON pushed_request (expires_at);

-- A customer on the way through sign-in and consent.
CREATE TABLE interaction (
    digest         BYTEA PRIMARY KEY,      -- SHA-256 of its id
    browser_digest BYTEA NOT NULL,         -- SHA-256 of the cookie of the browser that began it
    sealed         BYTEA,                  -- sealed: what an app asks for; NULL: the customer's own pages
    pushed_digest  BYTEA,
    customer_id    TEXT COLLATE "C" REFERENCES customer (id),  -- whose password was right
    signed_in_at   BIGINT,               -- when the second factor was right as well
    expires_at     BIGINT NOT NULL,
    ended_at       BIGINT
);
CREATE INDEX interaction_by_end ON interaction (expires_at);
