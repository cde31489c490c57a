-- Whose an app is, as far as anybody has checked it, and what its name looks like.
ALTER TABLE client ADD COLUMN skeleton TEXT COLLATE "C" NOT NULL DEFAULT '';       -- one text for all names that look like its own
ALTER TABLE client ADD COLUMN vouched TEXT COLLATE "C" NOT NULL DEFAULT 'nobody';  -- who vouches for it: bank, directory, nobody
ALTER TABLE client ADD COLUMN verified_at BIGINT;                     -- when an operator did; NULL: none does
ALTER TABLE client ADD COLUMN verified_sealed BYTEA;                    -- sealed: for whom the operator vouches, and who they are
ALTER TABLE client ADD COLUMN logo_due_at BIGINT;                     -- when its logo is to be fetched; NULL: it is not
ALTER TABLE client ADD COLUMN logo_attempts BIGINT NOT NULL DEFAULT 0;  -- how often that was begun
CREATE INDEX client_by_skeleton ON client (skeleton) WHERE deleted_at IS NULL;
CREATE INDEX client_vouched ON client (created_at) WHERE vouched <> 'nobody' AND deleted_at IS NULL;
CREATE INDEX client_logo_due ON client (logo_due_at) WHERE logo_due_at IS NOT NULL;

-- Logos of apps that somebody vouches for, as this server made them from what it fetched.
CREATE TABLE client_logo (
    client_id  TEXT COLLATE "C" PRIMARY KEY REFERENCES client (id),
    digest     TEXT COLLATE "C" NOT NULL,              -- SHA-256 of the picture, in hexadecimal digits
    png        BYTEA NOT NULL,
    fetched_at BIGINT NOT NULL
);
CREATE INDEX client_logo_by_digest ON client_logo (digest);
