-- How well the bank serves, for the report that regulators ask for. Nothing here is about a person or an app.
CREATE TABLE service_level (
    day         TEXT NOT NULL,             -- of UTC, such as 2026-03-02
    interface   TEXT NOT NULL,             -- account-information, authorization, confirmation-of-funds, customer, public
    calls       INTEGER NOT NULL,
    good        INTEGER NOT NULL,
    limited     INTEGER NOT NULL,          -- refused for calling too often
    unavailable INTEGER NOT NULL,          -- refused because there was no place
    failed      INTEGER NOT NULL,
    micros      INTEGER NOT NULL,          -- how long the good ones took together
    PRIMARY KEY (day, interface)
) STRICT, WITHOUT ROWID;
-- How many good answers took up to so long.
CREATE TABLE service_time (
    day       TEXT NOT NULL,
    interface TEXT NOT NULL,
    place     INTEGER NOT NULL,            -- in the program's list of times
    answers   INTEGER NOT NULL,
    PRIMARY KEY (day, interface, place)
) STRICT, WITHOUT ROWID;
-- Minutes in which something was noted; a minute without a row is one in which no node served.
CREATE TABLE service_minute (
    minute  INTEGER PRIMARY KEY,           -- since 1970
    served  INTEGER NOT NULL,              -- 1: a node was serving, and could write here
    replied INTEGER NOT NULL,              -- bits: interfaces that replied to somebody
    silent  INTEGER NOT NULL               -- bits: interfaces that left calls without a reply
) STRICT;
-- When the bank said beforehand that it would not serve.
CREATE TABLE planned_downtime (
    starts_at    INTEGER NOT NULL,
    ends_at      INTEGER NOT NULL,
    announced_at INTEGER NOT NULL,
    PRIMARY KEY (starts_at, ends_at)
) STRICT, WITHOUT ROWID;

-- Since when a master key is known to have been in use; for its age.
CREATE TABLE master_key_use (
    number  TEXT PRIMARY KEY REFERENCES master_key (number) ON DELETE CASCADE,
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
