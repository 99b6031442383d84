-- The log in SQLite. seq is the Position of hub/log/base.py; moments are microseconds since 1970.
-- AUTOINCREMENT: when retention has emptied a table, a plain rowid would start again below every subscription.

CREATE TABLE names (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE           -- of sources, providers and event types
);

CREATE TABLE requests (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    raw BLOB NOT NULL                   -- a format byte, then method, url, headers and body (hub/log/codec.py)
);

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL,                   -- a UUID as 16 bytes
    request INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    source INTEGER NOT NULL,
    provider INTEGER NOT NULL,
    type INTEGER NOT NULL,
    delivery TEXT NOT NULL,             -- the platform's id; bytes where it has lone surrogates
    at INTEGER NOT NULL,
    subject TEXT,
    time INTEGER,
    data BLOB                           -- NULL: the request's body as JSON
);
CREATE UNIQUE INDEX events_delivery ON events (delivery, source, idx);  -- dropped by version 2 (migrations.py)
CREATE UNIQUE INDEX events_id ON events (id);
CREATE INDEX events_source ON events (source);                          -- dropped by version 3
CREATE INDEX events_type ON events (type);
CREATE INDEX events_request ON events (request);                        -- dropped by version 3

CREATE TABLE subscriptions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    start INTEGER NOT NULL,             -- nothing up to here is owed
    position INTEGER NOT NULL,          -- every seq up to here that is not in `open` and has no row in deliveries is done
    open BLOB NOT NULL,                 -- the seqs that were handed out and are not settled, as a JSON list
    live INTEGER NOT NULL               -- the running hub has a feed of it
);

CREATE TABLE filters (
    sub INTEGER NOT NULL,
    from_seq INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (sub, from_seq)
) WITHOUT ROWID;

CREATE TABLE deliveries (               -- only those that are neither waiting nor done
    sub INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    job INTEGER NOT NULL,               -- 0: not of a replay
    state INTEGER NOT NULL,             -- 1 later, 2 dead
    due INTEGER,
    attempts INTEGER NOT NULL,          -- so far
    reason TEXT NOT NULL,
    PRIMARY KEY (sub, seq, job)
) WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries (sub, due) WHERE state = 1;
CREATE INDEX deliveries_state ON deliveries (state, seq);
CREATE INDEX deliveries_seq ON deliveries (seq);

CREATE TABLE attempts (                 -- those that failed, and the success after one
    id INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,
    sub INTEGER NOT NULL,
    job INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    took REAL NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX attempts_seq ON attempts (seq);

CREATE TABLE jobs (                     -- replays: one more place in the log, over a range
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sub INTEGER NOT NULL,
    query TEXT NOT NULL,
    position INTEGER NOT NULL,
    open BLOB NOT NULL,
    until INTEGER NOT NULL,
    total INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    state TEXT NOT NULL                 -- running, done, cancelled
);
CREATE INDEX jobs_running ON jobs (sub) WHERE state = 'running';

CREATE TABLE rejections (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    source TEXT NOT NULL,
    at INTEGER NOT NULL,
    received INTEGER NOT NULL,
    stage TEXT NOT NULL,                -- verify, read
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    state TEXT NOT NULL,                -- open, accepted, dropped
    size INTEGER NOT NULL,
    raw BLOB NOT NULL
);
CREATE INDEX rejections_stage ON rejections (stage, seq, size);

CREATE TABLE learned (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    option TEXT NOT NULL,
    value TEXT NOT NULL,
    trusted INTEGER NOT NULL,
    UNIQUE (source, option, value)
);
