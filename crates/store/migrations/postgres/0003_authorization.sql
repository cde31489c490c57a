-- Apps.
CREATE TABLE client (
    id                  TEXT COLLATE "C" PRIMARY KEY,
    status              TEXT COLLATE "C" NOT NULL,     -- active, suspended
    metadata            TEXT COLLATE "C" NOT NULL,     -- RFC 7591 client metadata, JSON
    sector              TEXT COLLATE "C" NOT NULL,     -- customers have one `sub` per sector
    secret_digest       BYTEA NOT NULL,     -- SHA-256
    registration_digest BYTEA NOT NULL,     -- SHA-256 of the registration access token
    created_at          BIGINT NOT NULL,
    deleted_at          BIGINT            -- kept for the customers' lists and the audit trail
);

-- Keys that sign tokens.
CREATE TABLE signing_key (
    kid         TEXT COLLATE "C" PRIMARY KEY,
    alg         TEXT COLLATE "C" NOT NULL,
    public_jwk  TEXT COLLATE "C" NOT NULL,
    sealed      BYTEA NOT NULL,             -- sealed: the private key, PKCS #8
    created_at  BIGINT NOT NULL,          -- published since
    active_from BIGINT NOT NULL           -- signs since, until the next one does
);

-- Authorization requests that were pushed (RFC 9126).
CREATE TABLE pushed_request (
    digest     BYTEA PRIMARY KEY,           -- SHA-256 of the reference
    client_id  TEXT COLLATE "C" NOT NULL REFERENCES client (id),
    request    TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT                     -- when a customer had answered
);

-- A customer on the way through sign-in and consent.
CREATE TABLE interaction (
    digest         BYTEA PRIMARY KEY,       -- SHA-256 of its id
    browser_digest BYTEA NOT NULL,          -- SHA-256 of the cookie of the browser that began it
    request        TEXT COLLATE "C",                   -- what an app asks for; NULL: the customer's own pages
    pushed_digest  BYTEA,
    customer_id    TEXT COLLATE "C" REFERENCES customer (id),  -- whose password was right
    signed_in_at   BIGINT,                -- when the second factor was right as well
    expires_at     BIGINT NOT NULL,
    ended_at       BIGINT
);

-- A signed-in browser.
CREATE TABLE session (
    digest       BYTEA PRIMARY KEY,         -- SHA-256 of the cookie
    customer_id  TEXT COLLATE "C" NOT NULL REFERENCES customer (id),
    signed_in_at BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL
);

-- Failed sign-ins in a row, for user names that exist and those that do not.
CREATE TABLE sign_in_throttle (
    subject      BYTEA PRIMARY KEY,         -- keyed digest of the user name
    failures     BIGINT NOT NULL,         -- since the last success or lock
    locks        BIGINT NOT NULL,         -- since the last success
    locked_until BIGINT NOT NULL
);

CREATE TABLE consent (
    id          TEXT COLLATE "C" PRIMARY KEY,
    client_id   TEXT COLLATE "C" NOT NULL REFERENCES client (id),
    customer_id TEXT COLLATE "C" REFERENCES customer (id),
    status      TEXT COLLATE "C" NOT NULL,
    permissions TEXT COLLATE "C" NOT NULL,
    data_from   BIGINT,
    data_to     BIGINT,
    expires_at  BIGINT,
    created_at  BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL
);
CREATE INDEX consent_by_customer ON consent (customer_id, created_at);
CREATE INDEX consent_by_client ON consent (client_id);

CREATE TABLE consent_account (
    consent_id TEXT COLLATE "C" NOT NULL REFERENCES consent (id) ON DELETE CASCADE,
    account_id TEXT COLLATE "C" NOT NULL REFERENCES account (id),
    PRIMARY KEY (consent_id, account_id)
);

-- Every state a consent has been in.
CREATE TABLE consent_history (
    consent_id TEXT COLLATE "C" NOT NULL REFERENCES consent (id) ON DELETE CASCADE,
    position   BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    status     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (consent_id, position)
);

-- One answer of a customer to one request.
CREATE TABLE consent_grant (
    id           TEXT COLLATE "C" PRIMARY KEY,
    consent_id   TEXT COLLATE "C" NOT NULL REFERENCES consent (id) ON DELETE CASCADE,
    client_id    TEXT COLLATE "C" NOT NULL REFERENCES client (id),
    customer_id  TEXT COLLATE "C" NOT NULL REFERENCES customer (id),
    scope        TEXT COLLATE "C" NOT NULL,
    nonce        TEXT COLLATE "C",
    signed_in_at BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    revoked_at   BIGINT                   -- all its tokens are dead since
);
CREATE INDEX consent_grant_by_consent ON consent_grant (consent_id);

CREATE TABLE code (
    digest         BYTEA PRIMARY KEY,       -- SHA-256
    grant_id       TEXT COLLATE "C" NOT NULL REFERENCES consent_grant (id) ON DELETE CASCADE,
    client_id      TEXT COLLATE "C" NOT NULL,
    redirect_uri   TEXT COLLATE "C" NOT NULL,
    code_challenge TEXT COLLATE "C" NOT NULL,
    expires_at     BIGINT NOT NULL,
    used_at        BIGINT
);

CREATE TABLE access_token (
    id         TEXT COLLATE "C" PRIMARY KEY,           -- the token's jti; its text is stored nowhere
    client_id  TEXT COLLATE "C" NOT NULL REFERENCES client (id),
    grant_id   TEXT COLLATE "C" REFERENCES consent_grant (id) ON DELETE CASCADE,
    scope      TEXT COLLATE "C" NOT NULL,
    issued_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE TABLE refresh_token (
    digest     BYTEA PRIMARY KEY,           -- SHA-256
    grant_id   TEXT COLLATE "C" NOT NULL REFERENCES consent_grant (id) ON DELETE CASCADE,
    client_id  TEXT COLLATE "C" NOT NULL,
    issued_at  BIGINT NOT NULL,
    expires_at BIGINT
);

-- What happened. Refers to people and things by their ids only.
CREATE TABLE audit (
    id          TEXT COLLATE "C" PRIMARY KEY,
    at          BIGINT NOT NULL,
    event       TEXT COLLATE "C" NOT NULL,
    client_id   TEXT COLLATE "C",
    customer_id TEXT COLLATE "C",
    consent_id  TEXT COLLATE "C",
    account_id  TEXT COLLATE "C",
    reason      TEXT COLLATE "C",
    interaction TEXT COLLATE "C"
);
