PRAGMA application_id = 1668706155;
PRAGMA user_version = 1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
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
INSERT INTO organizers VALUES('alice@example.com','5e9459c5b863b82cefdddf4e','5e9459c5b863b82cefdddf4f','Europe/Berlin','de-DE',X'0001ff','needs password',3,1793696820);
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
INSERT INTO calendars VALUES(1,'alice@example.com','https://dav.example.com/alice/work/','Arbeit','https://dav.example.com/','radicale','Europe/Berlin',1,'t1',1793696460,'read-only',2,1793696880,1);
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
INSERT INTO objects VALUES(1,'/c/1.ics','u1','"1"',1793696460,'"1"','',0,NULL);
INSERT INTO objects VALUES(1,'/c/2.ics','u2','"2"',1793696520,'"1"','refused',3,1793696640);
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
INSERT INTO meetings VALUES(1,'alice@example.com','5e9459c5b863b82cefdddf50','9974-7653-8886-0485','T1',1,'live','Jour fixe – Größe',1793700000,1793701800,'standard',1,1,'p1',1,X'7b22737461747573223a2273756363657373227d',1793696580,1793696640);
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
INSERT INTO links VALUES(1,'alice@example.com','u1',1,'/c/1.ics',1,'ending','deleted',1793696940,1,'b',2,1,'LOCATION',1793696580);
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
INSERT INTO intents VALUES(1,'create-meeting','alice@example.com','u1',0,NULL,'T1',1,NULL,'done','',1793696580,1793696640);
INSERT INTO intents VALUES(2,'update-meeting','alice@example.com','u1',0,1,'',0,X'7b2261223a317d','open','',1793696700,NULL);
INSERT INTO intents VALUES(3,'create-meeting','alice@example.com','u2',1,NULL,'T2',1,NULL,'unknown','no answer',1793696760,1793696820);
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
INSERT INTO decisions VALUES(1,'alice@example.com','u1',1,'/c/1.ics','marked','the marker stands in LOCATION',1793696580);
CREATE TABLE notes (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO notes VALUES('agenda','refused');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('intents',3);
CREATE INDEX objects_new     ON objects (calendar, href)   WHERE due_at IS NULL AND seen <> done;
CREATE INDEX objects_due     ON objects (calendar, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX objects_failing ON objects (calendar, href)   WHERE error <> '';
CREATE INDEX objects_uid     ON objects (uid)              WHERE uid <> '';
CREATE UNIQUE INDEX links_event ON links (uid, organizer);
CREATE INDEX links_organizer ON links (organizer);
CREATE INDEX links_meeting   ON links (meeting);
CREATE INDEX links_at        ON links (calendar, href)    WHERE state <> 'ended';
CREATE INDEX links_due       ON links (organizer, due_at) WHERE state = 'ending';
CREATE UNIQUE INDEX intents_creation ON intents (uid, organizer, generation, kind)
    WHERE kind IN ('create-meeting', 'create-account') AND state IN ('open', 'unknown');
CREATE INDEX intents_shared ON intents (uid) WHERE shared = 1 AND state IN ('open', 'unknown');
CREATE INDEX intents_open   ON intents (organizer) WHERE state IN ('open', 'unknown');
CREATE INDEX intents_closed ON intents (closed_at) WHERE state NOT IN ('open', 'unknown');
CREATE INDEX decisions_event ON decisions (uid, organizer);
CREATE INDEX decisions_at    ON decisions (at);
COMMIT;
