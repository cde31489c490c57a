-- A consent that an app lodged, and the account that it names.
ALTER TABLE consent ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT 'request';  -- account-access, funds-confirmation, request
ALTER TABLE consent ADD COLUMN sealed BYTEA;          -- sealed: the account that the app named; NULL: none
-- Times as the app wrote them, to be told back unchanged; NULL: none, or not of RFC 3339.
ALTER TABLE consent ADD COLUMN data_from_words TEXT COLLATE "C";
ALTER TABLE consent ADD COLUMN data_to_words TEXT COLLATE "C";
ALTER TABLE consent ADD COLUMN expires_words TEXT COLLATE "C";
CREATE INDEX consent_by_end ON consent (status, expires_at);
-- Whose customer may have to sign in anew. The first column says the same of every row; it is there for SQLite, which takes the index above
-- otherwise.
CREATE INDEX consent_by_answer ON consent (status, changed_at)
    WHERE status = 'authorised' AND kind <> 'funds-confirmation' AND permissions <> '';
CREATE INDEX consent_waiting ON consent (created_at) WHERE status = 'awaiting';
CREATE INDEX consent_waiting_of_client ON consent (client_id) WHERE status = 'awaiting';
DROP INDEX consent_by_client;
CREATE INDEX consent_by_client ON consent (client_id, created_at);
-- Every call asks for the newest sign-in of its consent.
DROP INDEX consent_grant_by_consent;
CREATE INDEX consent_grant_by_consent ON consent_grant (consent_id, signed_in_at);
ALTER TABLE interaction ADD COLUMN consent_id TEXT COLLATE "C";  -- the lodged consent that is to be authorised
CREATE INDEX interaction_by_consent ON interaction (consent_id);

-- Codes live for a minute, so the table is made anew: a code of the hybrid flow has no challenge.
DROP TABLE code;
CREATE TABLE code (
    digest         BYTEA PRIMARY KEY,       -- SHA-256
    grant_id       TEXT COLLATE "C" NOT NULL REFERENCES consent_grant (id) ON DELETE CASCADE,
    client_id      TEXT COLLATE "C" NOT NULL,
    redirect_uri   TEXT COLLATE "C" NOT NULL,
    code_challenge TEXT COLLATE "C",
    dpop_jkt       TEXT COLLATE "C",               -- thumbprint of the key that must redeem it
    expires_at     BIGINT NOT NULL,
    used_at        BIGINT
);

-- Accesses without the customer, in the last day. Each takes one of so many places.
CREATE TABLE unattended_access (
    consent_id TEXT COLLATE "C" NOT NULL REFERENCES consent (id) ON DELETE CASCADE,
    resource   TEXT COLLATE "C" NOT NULL,
    place      BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    PRIMARY KEY (consent_id, resource, place)
);
CREATE INDEX unattended_access_by_time ON unattended_access (used_at);

-- What changed on an account, in order: each transaction has the number of the change that added it and of the last one. Numbers are
-- taken under the lock on the account's row, so that they become visible in their order.
ALTER TABLE account ADD COLUMN next_change BIGINT NOT NULL DEFAULT 1;
ALTER TABLE account ADD COLUMN status_at BIGINT;           -- since when it has its status; NULL: since it was opened
ALTER TABLE account ADD COLUMN switched BIGINT NOT NULL DEFAULT 0;  -- 1: it went to another bank
ALTER TABLE account_transaction ADD COLUMN added_change BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account_transaction ADD COLUMN last_change BIGINT NOT NULL DEFAULT 0;
UPDATE account_transaction SET added_change = sequence, last_change = sequence;
UPDATE account SET next_change = next_sequence;
CREATE UNIQUE INDEX account_transaction_by_change ON account_transaction (account_id, last_change);
-- Which way the money flows: 1 in, -1 out. Who may see one way only does not wait for the other to be passed over.
ALTER TABLE account_transaction ADD COLUMN way BIGINT NOT NULL DEFAULT 1;
UPDATE account_transaction SET way = -1 WHERE amount_minor < 0;
CREATE UNIQUE INDEX account_transaction_one_way ON account_transaction (account_id, way, booked_at, sequence);
-- What transactions were before they changed or vanished: who follows the changes of an account page by page is told of what was
-- there when they began, and of no change twice.
CREATE TABLE transaction_past (
    account_id   TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    since_change BIGINT NOT NULL,            -- the change that made it so
    until_change BIGINT NOT NULL,            -- the change that ended it
    removed      BIGINT NOT NULL,            -- 1: by that change it vanished
    id           TEXT COLLATE "C" NOT NULL,            -- of the transaction, as what follows
    source       TEXT COLLATE "C" NOT NULL,
    sequence     BIGINT NOT NULL,
    status       TEXT COLLATE "C" NOT NULL,
    booked_at    BIGINT NOT NULL,
    value_at     BIGINT,
    amount_minor BIGINT NOT NULL,
    family       TEXT COLLATE "C",
    sub_family   TEXT COLLATE "C",
    sealed       BYTEA NOT NULL,            -- sealed as the transaction's
    content      BYTEA NOT NULL,            -- keyed digest, to recognise what comes back as it was
    PRIMARY KEY (account_id, since_change)
);
CREATE UNIQUE INDEX transaction_past_by_end ON transaction_past (account_id, until_change);
CREATE INDEX transaction_past_of ON transaction_past (account_id, id, until_change);

-- Whom customers saved to pay again.
CREATE TABLE beneficiary (
    id         TEXT COLLATE "C" PRIMARY KEY,
    source     TEXT COLLATE "C" NOT NULL UNIQUE,   -- the core-banking system's identifier
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    trust      TEXT COLLATE "C" NOT NULL,
    sealed     BYTEA NOT NULL,             -- sealed: reference, name, account
    content    BYTEA NOT NULL              -- keyed digest of what was imported, to recognise a repetition
);
CREATE INDEX beneficiary_by_account ON beneficiary (account_id, id);

-- Who may take money.
CREATE TABLE direct_debit (
    id             TEXT COLLATE "C" PRIMARY KEY,
    source         TEXT COLLATE "C" NOT NULL UNIQUE,
    account_id     TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    status         TEXT COLLATE "C" NOT NULL,
    frequency      TEXT COLLATE "C" NOT NULL,
    previous_on    TEXT COLLATE "C",               -- YYYY-MM-DD
    previous_minor BIGINT,                  -- minor units of the account's currency
    sealed         BYTEA NOT NULL,         -- sealed: name, mandate
    content        BYTEA NOT NULL
);
CREATE INDEX direct_debit_by_account ON direct_debit (account_id, id);

-- Payments planned for a later day.
CREATE TABLE scheduled_payment (
    id           TEXT COLLATE "C" PRIMARY KEY,
    source       TEXT COLLATE "C" NOT NULL UNIQUE,
    account_id   TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    due_on       TEXT COLLATE "C" NOT NULL,        -- YYYY-MM-DD
    what         TEXT COLLATE "C" NOT NULL,
    amount_minor BIGINT NOT NULL,           -- minor units of the account's currency
    sealed       BYTEA NOT NULL,           -- sealed: reference, creditor
    content      BYTEA NOT NULL
);
CREATE INDEX scheduled_payment_by_account ON scheduled_payment (account_id, id);

-- Statements, with the sums as they were when the statement was stored.
CREATE TABLE statement (
    id            TEXT COLLATE "C" PRIMARY KEY,
    source        TEXT COLLATE "C" NOT NULL UNIQUE,
    account_id    TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    kind          TEXT COLLATE "C" NOT NULL,
    reference     TEXT COLLATE "C",
    from_day      TEXT COLLATE "C" NOT NULL,       -- YYYY-MM-DD
    to_day        TEXT COLLATE "C" NOT NULL,       -- YYYY-MM-DD
    made_on       TEXT COLLATE "C" NOT NULL,       -- YYYY-MM-DD
    opening_minor BIGINT NOT NULL,          -- minor units of the account's currency
    closing_minor BIGINT NOT NULL,
    in_minor      BIGINT NOT NULL,
    out_minor     BIGINT NOT NULL,
    content       BYTEA NOT NULL
);
CREATE INDEX statement_by_account ON statement (account_id, to_day, id);

-- What the bank sold when it opened an account.
CREATE TABLE product (
    account_id  TEXT COLLATE "C" PRIMARY KEY REFERENCES account (id),
    code        TEXT COLLATE "C" NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    content     BYTEA NOT NULL
);

-- What the bank offers to the holders of an account.
CREATE TABLE offer (
    id           TEXT COLLATE "C" PRIMARY KEY,
    source       TEXT COLLATE "C" NOT NULL UNIQUE,
    account_id   TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    kind         TEXT COLLATE "C" NOT NULL,
    from_day     TEXT COLLATE "C",                 -- YYYY-MM-DD
    to_day       TEXT COLLATE "C",                 -- YYYY-MM-DD
    amount_minor BIGINT,                    -- minor units of the account's currency
    sealed       BYTEA NOT NULL,           -- sealed: description
    content      BYTEA NOT NULL
);
CREATE INDEX offer_by_account ON offer (account_id, id);

-- Where customers can be reached.
CREATE TABLE contact (
    customer_id TEXT COLLATE "C" PRIMARY KEY REFERENCES customer (id),
    sealed      BYTEA NOT NULL,            -- sealed: telephones, address
    content     BYTEA NOT NULL
);

-- What an app wants to be told.
CREATE TABLE subscription (
    id         TEXT COLLATE "C" PRIMARY KEY,
    client_id  TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES client (id),
    callback   TEXT COLLATE "C",                   -- NULL: it fetches
    version    TEXT COLLATE "C" NOT NULL,
    topics     TEXT COLLATE "C" NOT NULL,          -- separated by spaces; empty: everything
    created_at BIGINT NOT NULL,
    sending_until BIGINT,                -- until when a node sends what this app is told, or when the last one stopped
    resting_until BIGINT,                -- until when nobody tries, because the app did not answer
    failures BIGINT NOT NULL DEFAULT 0   -- attempts in a row that the app did not answer
);

-- What apps are told. A row is written with the change that it tells of.
CREATE TABLE notification (
    id              TEXT COLLATE "C" PRIMARY KEY,
    client_id       TEXT COLLATE "C" NOT NULL REFERENCES client (id),
    topic           TEXT COLLATE "C" NOT NULL,
    about           TEXT COLLATE "C" NOT NULL,     -- the kind of the consent
    consent_id      TEXT COLLATE "C" NOT NULL REFERENCES consent (id) ON DELETE CASCADE,
    reason          TEXT COLLATE "C",
    at              BIGINT NOT NULL,
    txn             TEXT COLLATE "C" NOT NULL,
    attempts        BIGINT NOT NULL DEFAULT 0,
    next_attempt_at BIGINT,                 -- NULL: nobody tries to send it
    settled_at      BIGINT,                 -- when the app had it, or said that it cannot take it
    refusal         TEXT COLLATE "C"               -- the app's word for why not
);
CREATE INDEX notification_open ON notification (client_id, id) WHERE settled_at IS NULL;
CREATE INDEX notification_due ON notification (client_id, next_attempt_at, id) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX notification_by_time ON notification (at);
CREATE INDEX consent_account_by_account ON consent_account (account_id, consent_id);  -- whom to tell that an account was closed
