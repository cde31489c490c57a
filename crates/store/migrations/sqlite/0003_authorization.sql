-- Apps.
CREATE TABLE client (
    id                  TEXT PRIMARY KEY,
    status              TEXT NOT NULL,     -- active, suspended
    metadata            TEXT NOT NULL,     -- RFC 7591 client metadata, JSON
    sector              TEXT NOT NULL,     -- customers have one `sub` per sector
    secret_digest       BLOB NOT NULL,     -- SHA-256
    registration_digest BLOB NOT NULL,     -- SHA-256 of the registration access token
    created_at          INTEGER NOT NULL,
    deleted_at          INTEGER            -- kept for the customers' lists and the audit trail
) STRICT;

-- Keys that sign tokens.
CREATE TABLE signing_key (
    kid         TEXT PRIMARY KEY,
    alg         TEXT NOT NULL,
    public_jwk  TEXT NOT NULL,
    sealed      BLOB NOT NULL,             -- sealed: the private key, PKCS #8
    created_at  INTEGER NOT NULL,          -- published since
    active_from INTEGER NOT NULL           -- signs since, until the next one does
) STRICT;

-- Authorization requests that were pushed (RFC 9126).
CREATE TABLE pushed_request (
    digest     BLOB PRIMARY KEY,           -- SHA-256 of the reference
    client_id  TEXT NOT NULL REFERENCES client (id),
    request    TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER                     -- when a customer had answered
) STRICT;

-- A customer on the way through sign-in and consent.
CREATE TABLE interaction (
    digest         BLOB PRIMARY KEY,       -- SHA-256 of its id
    browser_digest BLOB NOT NULL,          -- SHA-256 of the cookie of the browser that began it
    request        TEXT,                   -- what an app asks for; NULL: the customer's own pages
    pushed_digest  BLOB,
    customer_id    TEXT REFERENCES customer (id),  -- whose password was right
    signed_in_at   INTEGER,                -- when the second factor was right as well
    expires_at     INTEGER NOT NULL,
    ended_at       INTEGER
) STRICT;

-- A signed-in browser.
CREATE TABLE session (
    digest       BLOB PRIMARY KEY,         -- SHA-256 of the cookie
    customer_id  TEXT NOT NULL REFERENCES customer (id),
    signed_in_at INTEGER NOT NULL,
    seen_at      INTEGER NOT NULL
) STRICT;

-- Failed sign-ins in a row, for user names that exist and those that do not.
CREATE TABLE sign_in_throttle (
    subject      BLOB PRIMARY KEY,         -- keyed digest of the user name
    failures     INTEGER NOT NULL,         -- since the last success or lock
    locks        INTEGER NOT NULL,         -- since the last success
    locked_until INTEGER NOT NULL
) STRICT;

CREATE TABLE consent (
    id          TEXT PRIMARY KEY,
    client_id   TEXT NOT NULL REFERENCES client (id),
    customer_id TEXT REFERENCES customer (id),
    status      TEXT NOT NULL,
    permissions TEXT NOT NULL,
    data_from   INTEGER,
    data_to     INTEGER,
    expires_at  INTEGER,
    created_at  INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX consent_by_customer ON consent (customer_id, created_at);
CREATE INDEX consent_by_client ON consent (client_id);

CREATE TABLE consent_account (
    consent_id TEXT NOT NULL REFERENCES consent (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES account (id),
    PRIMARY KEY (consent_id, account_id)
) STRICT, WITHOUT ROWID;

-- Every state a consent has been in.
CREATE TABLE consent_history (
    consent_id TEXT NOT NULL REFERENCES consent (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    status     TEXT NOT NULL,
    PRIMARY KEY (consent_id, position)
) STRICT, WITHOUT ROWID;

-- One answer of a customer to one request.
CREATE TABLE consent_grant (
    id           TEXT PRIMARY KEY,
    consent_id   TEXT NOT NULL REFERENCES consent (id) ON DELETE CASCADE,
    client_id    TEXT NOT NULL REFERENCES client (id),
    customer_id  TEXT NOT NULL REFERENCES customer (id),
    scope        TEXT NOT NULL,
    nonce        TEXT,
    signed_in_at INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    revoked_at   INTEGER                   -- all its tokens are dead since
) STRICT;
CREATE INDEX consent_grant_by_consent ON consent_grant (consent_id);

CREATE TABLE code (
    digest         BLOB PRIMARY KEY,       -- SHA-256
    grant_id       TEXT NOT NULL REFERENCES consent_grant (id) ON DELETE CASCADE,
    client_id      TEXT NOT NULL,
    redirect_uri   TEXT NOT NULL,
    code_challenge TEXT NOT NULL,
    expires_at     INTEGER NOT NULL,
    used_at        INTEGER
) STRICT;

CREATE TABLE access_token (
    id         TEXT PRIMARY KEY,           -- the token's jti; its text is stored nowhere
    client_id  TEXT NOT NULL REFERENCES client (id),
    grant_id   TEXT REFERENCES consent_grant (id) ON DELETE CASCADE,
    scope      TEXT NOT NULL,
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE refresh_token (
    digest     BLOB PRIMARY KEY,           -- SHA-256
    grant_id   TEXT NOT NULL REFERENCES consent_grant (id) ON DELETE CASCADE,
    client_id  TEXT NOT NULL,
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER
) STRICT, WITHOUT ROWID;

-- What happened. Refers to people and things by their ids only.
CREATE TABLE audit (
    id          TEXT PRIMARY KEY,
    at          INTEGER NOT NULL,
    event       TEXT NOT NULL,
    client_id   TEXT,
    customer_id TEXT,
    consent_id  TEXT,
    account_id  TEXT,
    reason      TEXT,
    interaction TEXT
) STRICT, WITHOUT ROWID;
