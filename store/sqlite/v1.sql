-- The ledger, version 1. This script is history: a later change is a step of its own (migrate.go).
--
-- Times are Unix seconds, NULL for none. A reference that may be missing is NULL, a missing text is ''.

CREATE TABLE organizers (
    email      TEXT    NOT NULL PRIMARY KEY CHECK (email <> ''),
    user_id    TEXT    NOT NULL,
    account_id TEXT    NOT NULL,
    time_zone  TEXT    NOT NULL,
    language   TEXT    NOT NULL,
    feed       BLOB,
    state      TEXT    NOT NULL,
    attempts   INTEGER NOT NULL,
    due_at     INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE calendars (
    id        INTEGER PRIMARY KEY,
    organizer TEXT    NOT NULL CHECK (organizer <> ''),
    url       TEXT    NOT NULL CHECK (url <> ''),
    name      TEXT    NOT NULL,
    source    TEXT    NOT NULL,
    profile   TEXT    NOT NULL,
    time_zone TEXT    NOT NULL,
    shared    INTEGER NOT NULL,
    token     TEXT    NOT NULL,
    full_at   INTEGER,
    state     TEXT    NOT NULL,
    attempts  INTEGER NOT NULL,
    due_at    INTEGER,
    has_left  INTEGER NOT NULL,
    UNIQUE (organizer, url)
) STRICT;

-- seen = '' says that the calendar reported the object gone.
CREATE TABLE objects (
    calendar INTEGER NOT NULL REFERENCES calendars (id),
    href     TEXT    NOT NULL CHECK (href <> ''),
    uid      TEXT    NOT NULL,
    seen     TEXT    NOT NULL,
    seen_at  INTEGER,
    done     TEXT    NOT NULL,
    error    TEXT    NOT NULL,
    attempts INTEGER NOT NULL,
    due_at   INTEGER,
    PRIMARY KEY (calendar, href)
) STRICT, WITHOUT ROWID;

-- The two halves of Pending: what is new, and what has a time. Both are empty while there is nothing to do.
CREATE INDEX objects_new     ON objects (calendar, href)   WHERE due_at IS NULL AND seen <> done;
CREATE INDEX objects_due     ON objects (calendar, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX objects_failing ON objects (calendar, href)   WHERE error <> '';
CREATE INDEX objects_uid     ON objects (uid)              WHERE uid <> '';

CREATE TABLE meetings (
    id          INTEGER PRIMARY KEY,
    organizer   TEXT    NOT NULL CHECK (organizer <> ''),
    platform_id TEXT    NOT NULL CHECK (platform_id <> ''),
    number      TEXT    NOT NULL,
    token       TEXT    NOT NULL,
    generation  INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state <> ''),
    topic       TEXT    NOT NULL,
    start_at    INTEGER,
    end_at      INTEGER,
    type        TEXT    NOT NULL,
    recorded    INTEGER NOT NULL,
    dialin      INTEGER NOT NULL,
    permission  TEXT    NOT NULL,
    closed      INTEGER NOT NULL,
    answer      BLOB,
    created_at  INTEGER,
    updated_at  INTEGER,
    UNIQUE (organizer, platform_id)
) STRICT;

CREATE TABLE links (
    id         INTEGER PRIMARY KEY,
    organizer  TEXT    NOT NULL CHECK (organizer <> ''),
    uid        TEXT    NOT NULL CHECK (uid <> ''),
    calendar   INTEGER REFERENCES calendars (id),
    href       TEXT    NOT NULL,
    meeting    INTEGER NOT NULL REFERENCES meetings (id),
    state      TEXT    NOT NULL CHECK (state <> ''),
    reason     TEXT    NOT NULL,
    due_at     INTEGER,
    written    INTEGER NOT NULL,
    block      TEXT    NOT NULL,
    writes     INTEGER NOT NULL,
    mails      INTEGER NOT NULL,
    flips      TEXT    NOT NULL,
    updated_at INTEGER
) STRICT;

-- One link for an event of an organizer; uid first, so that it serves the question across organizers too.
CREATE UNIQUE INDEX links_event ON links (uid, organizer);
CREATE INDEX links_organizer ON links (organizer);
CREATE INDEX links_meeting   ON links (meeting);
CREATE INDEX links_at        ON links (calendar, href)    WHERE state <> 'ended';
CREATE INDEX links_due       ON links (organizer, due_at) WHERE state = 'ending';

-- AUTOINCREMENT: the number of a pruned intent is never given to another.
CREATE TABLE intents (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT    NOT NULL CHECK (kind <> ''),
    organizer  TEXT    NOT NULL CHECK (organizer <> ''),
    uid        TEXT    NOT NULL,
    shared     INTEGER NOT NULL,
    meeting    INTEGER REFERENCES meetings (id),
    token      TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    request    BLOB,
    state      TEXT    NOT NULL CHECK (state <> ''),
    error      TEXT    NOT NULL,
    sent_at    INTEGER,
    closed_at  INTEGER
) STRICT;

-- No second creation while the outcome of one is not known, whatever the programs above do.
CREATE UNIQUE INDEX intents_creation ON intents (uid, organizer, generation, kind)
    WHERE kind IN ('create-meeting', 'create-account') AND state IN ('open', 'unknown');
CREATE INDEX intents_shared ON intents (uid) WHERE shared = 1 AND state IN ('open', 'unknown');
CREATE INDEX intents_open   ON intents (organizer) WHERE state IN ('open', 'unknown');
CREATE INDEX intents_closed ON intents (closed_at) WHERE state NOT IN ('open', 'unknown');

CREATE TABLE decisions (
    id        INTEGER PRIMARY KEY,
    organizer TEXT    NOT NULL,
    uid       TEXT    NOT NULL,
    calendar  INTEGER NOT NULL,
    href      TEXT    NOT NULL,
    rule      TEXT    NOT NULL,
    text      TEXT    NOT NULL,
    at        INTEGER
) STRICT;

CREATE INDEX decisions_event ON decisions (uid, organizer);
CREATE INDEX decisions_at    ON decisions (at);

CREATE TABLE notes (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
