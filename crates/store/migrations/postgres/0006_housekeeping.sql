-- What nobody can use any more is deleted a while after its end, oldest first; each table has an index that leads there, and one that
-- leads from what is deleted to what goes with it.
CREATE INDEX access_token_by_end ON access_token (expires_at);
CREATE INDEX access_token_by_grant ON access_token (grant_id) WHERE grant_id IS NOT NULL;
CREATE INDEX refresh_token_by_end ON refresh_token (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX refresh_token_by_grant ON refresh_token (grant_id);
CREATE INDEX code_by_end ON code (expires_at);
CREATE INDEX code_by_grant ON code (grant_id);
CREATE INDEX session_by_use ON session (seen_at);
CREATE INDEX notification_by_consent ON notification (consent_id);
-- Of those that were given, and of those that nobody ever gave. A bare `customer_id IS NULL` would lead SQLite to the customers' index.
CREATE INDEX consent_ended ON consent ((CASE WHEN customer_id IS NULL THEN 0 ELSE 1 END), changed_at)
    WHERE status NOT IN ('authorised', 'awaiting');

-- When an attempt was last counted.
ALTER TABLE sign_in_throttle ADD COLUMN counted_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX sign_in_throttle_by_use ON sign_in_throttle (counted_at);
