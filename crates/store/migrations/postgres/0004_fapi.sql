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
