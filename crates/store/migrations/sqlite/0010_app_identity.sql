-- Whose an app is, as far as anybody has checked it, and what its name looks like.
ALTER TABLE client ADD COLUMN skeleton TEXT NOT NULL DEFAULT '';       -- one text for all names that look like its own
ALTER TABLE client ADD COLUMN vouched TEXT NOT NULL DEFAULT 'nobody';  -- who vouches for it: bank, directory, nobody
ALTER TABLE client ADD COLUMN verified_at INTEGER;                     -- when an operator did; NULL: none does
ALTER TABLE client ADD COLUMN verified_sealed BLOB;                    -- sealed: for whom the operator vouches, and who they are
ALTER TABLE client ADD COLUMN logo_due_at INTEGER;                     -- when its logo is to be fetched; NULL: it is not
ALTER TABLE client ADD COLUMN logo_attempts INTEGER NOT NULL DEFAULT 0;  -- how often that was begun
CREATE INDEX client_by_skeleton ON client (skeleton) WHERE deleted_at IS NULL;
CREATE INDEX client_vouched ON client (created_at) WHERE vouched <> 'nobody' AND deleted_at IS NULL;
CREATE INDEX client_logo_due ON client (logo_due_at) WHERE logo_due_at IS NOT NULL;

-- Logos of apps that somebody vouches for, as this server made them from what it fetched.
CREATE TABLE client_logo (
    client_id  TEXT PRIMARY KEY REFERENCES client (id),
    digest     TEXT NOT NULL,              -- SHA-256 of the picture, in hexadecimal digits
    png        BLOB NOT NULL,
    fetched_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX client_logo_by_digest ON client_logo (digest);
