-- Accounts. The two balances are changed in the transaction that adds the rows from which they follow.
CREATE TABLE account (
    id            TEXT COLLATE "C" PRIMARY KEY,
    source        TEXT COLLATE "C" NOT NULL UNIQUE,     -- the core-banking system's identifier
    currency      TEXT COLLATE "C" NOT NULL,            -- ISO 4217
    category      TEXT COLLATE "C" NOT NULL,
    kind          TEXT COLLATE "C" NOT NULL,
    status        TEXT COLLATE "C" NOT NULL,
    opened_on     TEXT COLLATE "C" NOT NULL,            -- YYYY-MM-DD
    credit_line   BIGINT,                   -- minor units; NULL: none was agreed
    booked_minor  BIGINT NOT NULL,          -- minor units: the sum of what is booked
    pending_minor BIGINT NOT NULL,          -- minor units: the sum of what is pending and flows out
    next_sequence BIGINT NOT NULL,          -- the number of the next transaction
    sealed        BYTEA NOT NULL,           -- sealed: nickname, account number
    content       BYTEA NOT NULL            -- keyed digest of what was imported, to recognise a repetition
);

-- Who holds an account.
CREATE TABLE account_holder (
    account_id  TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    customer_id TEXT COLLATE "C" NOT NULL REFERENCES customer (id),
    role        TEXT COLLATE "C" NOT NULL,              -- owner, authorised
    PRIMARY KEY (account_id, customer_id)
);
CREATE INDEX account_holder_by_customer ON account_holder (customer_id, account_id);

-- What happened on an account.
CREATE TABLE account_transaction (
    id            TEXT COLLATE "C" PRIMARY KEY,
    source        TEXT COLLATE "C" NOT NULL UNIQUE,     -- the core-banking system's identifier
    account_id    TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    sequence      BIGINT NOT NULL,          -- in order of arrival on this account, from 1
    status        TEXT COLLATE "C" NOT NULL,            -- booked, pending
    booked_at     BIGINT NOT NULL,          -- microseconds since 1970, UTC
    value_at      BIGINT,                   -- microseconds since 1970, UTC
    amount_minor  BIGINT NOT NULL,          -- minor units of the account's currency; negative flows out
    family        TEXT COLLATE "C",                     -- ISO 20022 bank transaction code
    sub_family    TEXT COLLATE "C",
    balance_minor BIGINT,                   -- minor units: the booked balance after it; NULL while pending
    sealed        BYTEA NOT NULL,           -- sealed: description, counterparty
    content       BYTEA NOT NULL            -- keyed digest of what was imported, to recognise a repetition
);
CREATE UNIQUE INDEX account_transaction_in_order ON account_transaction (account_id, booked_at, sequence);

-- Customers' orders to pay again and again.
CREATE TABLE standing_order (
    id           TEXT COLLATE "C" PRIMARY KEY,
    source       TEXT COLLATE "C" NOT NULL UNIQUE,      -- the core-banking system's identifier
    account_id   TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    amount_minor BIGINT NOT NULL,           -- minor units of the account's currency
    frequency    TEXT COLLATE "C" NOT NULL,
    sealed       BYTEA NOT NULL,            -- sealed: purpose, creditor
    content      BYTEA NOT NULL             -- keyed digest of what was imported, to recognise a repetition
);
CREATE INDEX standing_order_by_account ON standing_order (account_id, id);
