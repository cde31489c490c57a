-- Keys that belong to this database, sealed under the master key.
CREATE TABLE vault (
    name   TEXT PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT;

-- Customers of the bank.
CREATE TABLE customer (
    id             TEXT PRIMARY KEY,
    source         TEXT NOT NULL UNIQUE,   -- the core-banking system's identifier
    username_index BLOB NOT NULL UNIQUE,   -- keyed digest of the user name
    password_hash  TEXT,                   -- argon2id, PHC string; NULL: cannot sign in yet
    totp_sealed    BLOB,                   -- sealed: the second factor's secret
    totp_step      INTEGER NOT NULL,       -- the last time step that was used; each is accepted once
    sealed         BLOB NOT NULL,          -- sealed: user name, name, birth date, e-mail address
    content        BLOB NOT NULL           -- keyed digest of what was imported, to recognise a repetition
) STRICT;
