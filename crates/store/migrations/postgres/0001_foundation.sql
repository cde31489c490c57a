-- Keys that belong to this database, sealed under the master key.
CREATE TABLE vault (
    name   TEXT COLLATE "C" PRIMARY KEY,
    sealed BYTEA NOT NULL
);

-- Customers of the bank.
CREATE TABLE customer (
    id             TEXT COLLATE "C" PRIMARY KEY,
    source         TEXT COLLATE "C" NOT NULL UNIQUE,   -- the core-banking system's identifier
    username_index BYTEA NOT NULL UNIQUE,   -- keyed digest of the user name
    password_hash  TEXT COLLATE "C",                   -- argon2id, PHC string; NULL: cannot sign in yet
    totp_sealed    BYTEA,                   -- sealed: the second factor's secret
    totp_step      BIGINT NOT NULL,       -- the last time step that was used; each is accepted once
    sealed         BYTEA NOT NULL,          -- sealed: user name, name, birth date, e-mail address
    content        BYTEA NOT NULL           -- keyed digest of what was imported, to recognise a repetition
);
