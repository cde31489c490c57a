-- A consent that an app lodged, and the account that it names.
ALTER TABLE consent ADD COLUMN kind TEXT NOT NULL DEFAULT 'request';  -- account-access, funds-confirmation, request
ALTER TABLE consent ADD COLUMN sealed BLOB;          -- sealed: the account that the app named; NULL: none
-- Times as the app wrote them, to be told back unchanged; NULL: none, or not of RFC 3339.
ALTER TABLE consent ADD COLUMN data_from_words TEXT;
ALTER TABLE consent ADD COLUMN data_to_words TEXT;
ALTER TABLE consent ADD COLUMN expires_words TEXT;
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
ALTER TABLE interaction ADD COLUMN consent_id TEXT;  -- the lodged consent that is to be authorised
CREATE INDEX interaction_by_consent ON interaction (consent_id);

-- Codes live for a minute, so the table is made anew: a code of the hybrid flow has no challenge.
DROP TABLE code;
CREATE TABLE code (
    digest         BLOB PRIMARY KEY,       -- SHA-256
    grant_id       TEXT NOT NULL REFERENCES consent_grant (id) ON DELETE CASCADE,
    client_id      TEXT NOT NULL,
    redirect_uri   TEXT NOT NULL,
    code_challenge TEXT,
    dpop_jkt       TEXT,               -- thumbprint of the key that must redeem it
    expires_at     INTEGER NOT NULL,
    used_at        INTEGER
) STRICT;

-- Accesses without the customer, in the last day. Each takes one of so many places.
CREATE TABLE unattended_access (
    consent_id TEXT NOT NULL REFERENCES consent (id) ON DELETE CASCADE,
    resource   TEXT NOT NULL,
    place      INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    PRIMARY KEY (consent_id, resource, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX unattended_access_by_time ON unattended_access (used_at);

-- What changed on an account, in order: each transaction has the number of the change that added it and of the last one. Numbers are
-- taken under the lock on the account's row, so that they become visible in their order.
ALTER TABLE account ADD COLUMN next_change INTEGER NOT NULL DEFAULT 1;
ALTER TABLE account ADD COLUMN status_at INTEGER;           -- since when it has its status; NULL: since it was opened
ALTER TABLE account ADD COLUMN switched INTEGER NOT NULL DEFAULT 0;  -- 1: it went to another bank
ALTER TABLE account_transaction ADD COLUMN added_change INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account_transaction ADD COLUMN last_change INTEGER NOT NULL DEFAULT 0;
UPDATE account_transaction SET added_change = sequence, last_change = sequence;
UPDATE account SET next_change = next_sequence;
CREATE UNIQUE INDEX account_transaction_by_change ON account_transaction (account_id, last_change);
-- Which way the money flows: 1 in, -1 out. Who may see one way only does not wait for the other to be passed over.
ALTER TABLE account_transaction ADD COLUMN way INTEGER NOT NULL DEFAULT 1;
UPDATE account_transaction SET way = -1 WHERE amount_minor < 0;
CREATE UNIQUE INDEX account_transaction_one_way ON account_transaction (account_id, way, booked_at, sequence);
-- Without a look at data SQLite would not choose that index. These are not counted but true in kind: a thousand to an account, half
-- of them each way.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('account_transaction', 'account_transaction_in_order', '1000000 1000 1 1'),
    ('account_transaction', 'account_transaction_one_way', '1000000 1000 500 1 1');
-- What transactions were before they changed or vanished: who follows the changes of an account page by page is told of what was
-- there when they began, and of no change twice.
CREATE TABLE transaction_past (
    account_id   TEXT NOT NULL REFERENCES account (id),
    since_change INTEGER NOT NULL,            -- the change that made it so
    until_change INTEGER NOT NULL,            -- the change that ended it
    removed      INTEGER NOT NULL,            -- 1: by that change it vanished
    id           TEXT NOT NULL,            -- of the transaction, as what follows
    source       TEXT NOT NULL,
    sequence     INTEGER NOT NULL,
    status       TEXT NOT NULL,
    booked_at    INTEGER NOT NULL,
    value_at     INTEGER,
    amount_minor INTEGER NOT NULL,
    family       TEXT,
    sub_family   TEXT,
    sealed       BLOB NOT NULL,            -- sealed as the transaction's
    content      BLOB NOT NULL,            -- keyed digest, to recognise what comes back as it was
    PRIMARY KEY (account_id, since_change)
) STRICT;
CREATE UNIQUE INDEX transaction_past_by_end ON transaction_past (account_id, until_change);
CREATE INDEX transaction_past_of ON transaction_past (account_id, id, until_change);

-- Whom customers saved to pay again.
CREATE TABLE beneficiary (
    id         TEXT PRIMARY KEY,
    source     TEXT NOT NULL UNIQUE,   -- the core-banking system's identifier
    account_id TEXT NOT NULL REFERENCES account (id),
    trust      TEXT NOT NULL,
    sealed     BLOB NOT NULL,             -- sealed: reference, name, account
    content    BLOB NOT NULL              -- keyed digest of what was imported, to recognise a repetition
) STRICT;
CREATE INDEX beneficiary_by_account ON beneficiary (account_id, id);

-- Who may take money.
CREATE TABLE direct_debit (
    id             TEXT PRIMARY KEY,
    source         TEXT NOT NULL UNIQUE,
    account_id     TEXT NOT NULL REFERENCES account (id),
    status         TEXT NOT NULL,
    frequency      TEXT NOT NULL,
    previous_on    TEXT,               -- YYYY-MM-DD
    previous_minor INTEGER,                  -- minor units of the account's currency
    sealed         BLOB NOT NULL,         -- sealed: name, mandate
    content        BLOB NOT NULL
) STRICT;
CREATE INDEX direct_debit_by_account ON direct_debit (account_id, id);

-- Payments planned for a later day.
CREATE TABLE scheduled_payment (
    id           TEXT PRIMARY KEY,
    source       TEXT NOT NULL UNIQUE,
    account_id   TEXT NOT NULL REFERENCES account (id),
    due_on       TEXT NOT NULL,        -- YYYY-MM-DD
    what         TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,           -- minor units of the account's currency
    sealed       BLOB NOT NULL,           -- sealed: reference, creditor
    content      BLOB NOT NULL
) STRICT;
CREATE INDEX scheduled_payment_by_account ON scheduled_payment (account_id, id);

-- Statements, with the sums as they were when the statement was stored.
CREATE TABLE statement (
    id            TEXT PRIMARY KEY,
    source        TEXT NOT NULL UNIQUE,
    account_id    TEXT NOT NULL REFERENCES account (id),
    kind          TEXT NOT NULL,
    reference     TEXT,
    from_day      TEXT NOT NULL,       -- YYYY-MM-DD
    to_day        TEXT NOT NULL,       -- YYYY-MM-DD
    made_on       TEXT NOT NULL,       -- YYYY-MM-DD
    opening_minor INTEGER NOT NULL,          -- minor units of the account's currency
    closing_minor INTEGER NOT NULL,
    in_minor      INTEGER NOT NULL,
    out_minor     INTEGER NOT NULL,
    content       BLOB NOT NULL
) STRICT;
CREATE INDEX statement_by_account ON statement (account_id, to_day, id);

-- What the bank sold when it opened an account.
CREATE TABLE product (
    account_id  TEXT PRIMARY KEY REFERENCES account (id),
    code        TEXT NOT NULL,
    name        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    description TEXT,
    content     BLOB NOT NULL
) STRICT;

-- What the bank offers to the holders of an account.
CREATE TABLE offer (
    id           TEXT PRIMARY KEY,
    source       TEXT NOT NULL UNIQUE,
    account_id   TEXT NOT NULL REFERENCES account (id),
    kind         TEXT NOT NULL,
    from_day     TEXT,                 -- YYYY-MM-DD
    to_day       TEXT,                 -- YYYY-MM-DD
    amount_minor INTEGER,                    -- minor units of the account's currency
    sealed       BLOB NOT NULL,           -- sealed: description
    content      BLOB NOT NULL
) STRICT;
CREATE INDEX offer_by_account ON offer (account_id, id);

-- Where customers can be reached.
CREATE TABLE contact (
    customer_id TEXT PRIMARY KEY REFERENCES customer (id),
    sealed      BLOB NOT NULL,            -- sealed: telephones, address
    content     BLOB NOT NULL
) STRICT;

-- What an app wants to be told.
CREATE TABLE subscription (
    id         TEXT PRIMARY KEY,
    client_id  TEXT NOT NULL UNIQUE REFERENCES client (id),
    callback   TEXT,                   -- NULL: it fetches
    version    TEXT NOT NULL,
    topics     TEXT NOT NULL,          -- separated by spaces; empty: everything
    created_at INTEGER NOT NULL,
    sending_until INTEGER,                -- until when a node sends what this app is told, or when the last one stopped
    resting_until INTEGER,                -- until when nobody tries, because the app did not answer
    failures INTEGER NOT NULL DEFAULT 0   -- attempts in a row that the app did not answer
) STRICT;

-- What apps are told. A row is written with the change that it tells of.
CREATE TABLE notification (
    id              TEXT PRIMARY KEY,
    client_id       TEXT NOT NULL REFERENCES client (id),
    topic           TEXT NOT NULL,
    about           TEXT NOT NULL,     -- the kind of the consent
    consent_id      TEXT NOT NULL REFERENCES consent (id) ON DELETE CASCADE,
    reason          TEXT,
    at              INTEGER NOT NULL,
    txn             TEXT NOT NULL,
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER,                 -- NULL: nobody tries to send it
    settled_at      INTEGER,                 -- when the app had it, or said that it cannot take it
    refusal         TEXT               -- the app's word for why not
) STRICT;
CREATE INDEX notification_open ON notification (client_id, id) WHERE settled_at IS NULL;
CREATE INDEX notification_due ON notification (client_id, next_attempt_at, id) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX notification_by_time ON notification (at);
CREATE INDEX consent_account_by_account ON consent_account (account_id, consent_id);  -- whom to tell that an account was closed
