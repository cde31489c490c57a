-- Watching: how far the record has been read, what was found, and what was done about it.
CREATE TABLE watch_cursor (
    name     TEXT PRIMARY KEY,             -- record
    position INTEGER NOT NULL              -- of the last entry of the record that was looked at
) STRICT;
CREATE TABLE alarm (
    id             TEXT PRIMARY KEY,       -- sorts by time
    rule           TEXT NOT NULL,
    kind           TEXT NOT NULL,          -- of whom: bank, client, customer, network
    accused        TEXT NOT NULL,          -- an identifier; of a network, a keyed digest
    sealed         BLOB,                   -- sealed: the network
    at             INTEGER NOT NULL,
    window_at      INTEGER NOT NULL,
    score          INTEGER NOT NULL,
    count          INTEGER NOT NULL,
    first_position INTEGER NOT NULL,       -- of the record's entries that it comes from
    last_position  INTEGER NOT NULL,
    dismissed_at   INTEGER                 -- since then it counts for nothing
) STRICT, WITHOUT ROWID;
-- None is raised twice, however many nodes there are and whatever crashes.
CREATE UNIQUE INDEX alarm_by_name ON alarm (rule, accused, window_at);
CREATE INDEX alarm_by_accused ON alarm (accused, at);
CREATE INDEX alarm_by_time ON alarm (at);
CREATE TABLE measure (
    id          TEXT PRIMARY KEY,          -- sorts by time
    measure     TEXT NOT NULL,             -- step-up, sign-out, throttle, suspend
    kind        TEXT NOT NULL,             -- against whom: client, customer, network
    accused     TEXT NOT NULL,             -- as in alarm
    sealed      BLOB,                      -- sealed: the network
    alarm_id    TEXT NOT NULL,             -- the alarm that was one too many
    score       INTEGER NOT NULL,          -- of all alarms at that time
    since       INTEGER NOT NULL,
    until       INTEGER,                   -- NULL: until it is lifted
    lifted_at   INTEGER,
    lift_sealed BLOB                       -- sealed: by whom it was lifted, and why
) STRICT, WITHOUT ROWID;
CREATE INDEX measure_by_accused ON measure (accused, measure);
-- What is known of an app from the days before.
CREATE TABLE client_history (
    client_id  TEXT PRIMARY KEY,
    sealed     BLOB NOT NULL,              -- sealed: how many customers and accounts on which day, and from which networks
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX client_history_by_change ON client_history (changed_at);
-- When a customer was asked to sign in once more before they answer an app.
ALTER TABLE interaction ADD COLUMN stepped_up_at INTEGER;
-- When the bank ended a session for safety; its row stays so that the customer can be told.
ALTER TABLE session ADD COLUMN ended_at INTEGER;
CREATE INDEX session_by_customer ON session (customer_id);
