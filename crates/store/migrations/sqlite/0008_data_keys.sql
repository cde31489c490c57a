-- Master keys that wrap data keys. A master key itself is here only if a program outside (a KMS, an HSM) wrapped it.
CREATE TABLE master_key (
    number     TEXT PRIMARY KEY,           -- the start of a digest of the key
    generation INTEGER NOT NULL,           -- the highest one wraps new data keys; 0: known, and not yet in use
    wrapped    BLOB                        -- the key, wrapped by a program outside; NULL: it is kept outside as it is
) STRICT;

-- Data keys: under one of them each personal or secret value is sealed. Who destroys the row destroys every value of its owner.
CREATE TABLE data_key (
    id      INTEGER PRIMARY KEY,           -- random; each sealed value begins with it
    owner   TEXT NOT NULL UNIQUE,          -- id of an account or of a customer; 'bank': whatever is nobody's
    master  TEXT NOT NULL REFERENCES master_key (number),
    wrapped BLOB NOT NULL                  -- the key, wrapped by that master key
) STRICT, WITHOUT ROWID;
CREATE INDEX data_key_by_master ON data_key (master);

-- Customers who were erased keep their row, because consents and the audit trail refer to it; nothing personal is left in it.
ALTER TABLE customer ADD COLUMN erased_at INTEGER;
-- Addresses of people, so sealed apart from the rest of what an app says of itself.
ALTER TABLE client ADD COLUMN contacts_sealed BLOB;
