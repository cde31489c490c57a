-- Accounts. The two balances are changed in the transaction that adds the rows from which they follow.
CREATE TABLE account (
    id            TEXT PRIMARY KEY,
    source        TEXT NOT NULL UNIQUE,     -- the core-banking system's identifier
    currency      TEXT NOT NULL,            -- ISO 4217
    category      TEXT NOT NULL,
    kind          TEXT NOT NULL,
    status        TEXT NOT NULL,
    opened_on     TEXT NOT NULL,            -- YYYY-MM-DD
    credit_line   INTEGER,                  -- minor units; NULL: none was agreed
    booked_minor  INTEGER NOT NULL,         -- minor units: the sum of what is booked
    pending_minor INTEGER NOT NULL,         -- minor units: the sum of what is pending and flows out
    next_sequence INTEGER NOT NULL,         -- the number of the next transaction
    sealed        BLOB NOT NULL,            -- sealed: nickname, account number
    content       BLOB NOT NULL             -- keyed digest of what was imported, to recognise a repetition
) STRICT;

-- Who holds an account.
CREATE TABLE account_holder (
    account_id  TEXT NOT NULL REFERENCES account (id),
    customer_id TEXT NOT NULL REFERENCES customer (id),
    role        TEXT NOT NULL,              -- owner, authorised
    PRIMARY KEY (account_id, customer_id)
) STRICT;
CREATE INDEX account_holder_by_customer ON account_holder (customer_id, account_id);

-- What happened on an account.
CREATE TABLE account_transaction (
    id            TEXT PRIMARY KEY,
    source        TEXT NOT NULL UNIQUE,     -- the core-banking system's identifier
    account_id    TEXT NOT NULL REFERENCES account (id),
    sequence      INTEGER NOT NULL,         -- in order of arrival on this account, from 1
    status        TEXT NOT NULL,            -- booked, pending
    booked_at     INTEGER NOT NULL,         -- microseconds since 1970, UTC
    value_at      INTEGER,                  -- microseconds since 1970, UTC
    amount_minor  INTEGER NOT NULL,         -- minor units of the account's currency; negative flows out
    family        TEXT,                     -- ISO 20022 bank transaction code
    sub_family    TEXT,
    balance_minor INTEGER,                  -- minor units: the booked balance after it; NULL while pending
    sealed        BLOB NOT NULL,            -- sealed: description, counterparty
    content       BLOB NOT NULL             -- keyed digest of what was imported, to recognise a repetition
) STRICT;
CREATE UNIQUE INDEX account_transaction_in_order ON account_transaction (account_id, booked_at, sequence);

-- Customers' orders to pay again and again.
CREATE TABLE standing_order (
    id           TEXT PRIMARY KEY,
    source       TEXT NOT NULL UNIQUE,      -- the core-banking system's identifier
    account_id   TEXT NOT NULL REFERENCES account (id),
    amount_minor INTEGER NOT NULL,          -- minor units of the account's currency
    frequency    TEXT NOT NULL,
    sealed       BLOB NOT NULL,             -- sealed: purpose, creditor
    content      BLOB NOT NULL              -- keyed digest of what was imported, to recognise a repetition
) STRICT;
CREATE INDEX standing_order_by_account ON standing_order (account_id, id);
