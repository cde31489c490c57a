-- How well the bank serves, for the report that regulators ask for. Nothing here is about a person or an app.
CREATE TABLE service_level (
    day         TEXT NOT NULL,             -- of UTC, such as 2026-03-02
    interface   TEXT NOT NULL,             -- account-information, authorization, confirmation-of-funds, customer, public
    calls       BIGINT NOT NULL,
    good        BIGINT NOT NULL,
    limited     BIGINT NOT NULL,          -- refused for calling too often
    unavailable BIGINT NOT NULL,          -- refused because there was no place
    failed      BIGINT NOT NULL,
    micros      BIGINT NOT NULL,          -- how long the good ones took together
    PRIMARY KEY (day, interface)
);
-- How many good answers took up to so long.
CREATE TABLE service_time (
    day       TEXT NOT NULL,
    interface TEXT NOT NULL,
    place     BIGINT NOT NULL,            -- in the program's list of times
    answers   BIGINT NOT NULL,
    PRIMARY KEY (day, interface, place)
);
-- Minutes in which something was noted; a minute without a row is one in which no node served.
CREATE TABLE service_minute (
    minute  BIGINT PRIMARY KEY,           -- since 1970
    served  BIGINT NOT NULL,              -- 1: a node was serving, and could write here
    replied BIGINT NOT NULL,              -- bits: interfaces that replied to somebody
    silent  BIGINT NOT NULL               -- bits: interfaces that left calls without a reply
);
-- When the bank said beforehand that it would not serve.
CREATE TABLE planned_downtime (
    starts_at    BIGINT NOT NULL,
    ends_at      BIGINT NOT NULL,
    announced_at BIGINT NOT NULL,
    PRIMARY KEY (starts_at, ends_at)
);

-- Since when a master key is known to have been in use; for its age.
CREATE TABLE master_key_use (
    number  TEXT PRIMARY KEY REFERENCES master_key (number) ON DELETE CASCADE,
    seen_at BIGINT NOT NULL
);
