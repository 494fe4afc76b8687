-- The ledger, version 2: who it is, creations that were given up, meetings that the platform does not find, and what kind of
-- trouble an organizer or a calendar is in.

-- Tells this ledger from every other one: a copy that was restored has the same, a new one another.
INSERT INTO notes (key, value) VALUES ('ledger', lower(hex(randomblob(8))));

ALTER TABLE organizers ADD COLUMN trouble TEXT NOT NULL DEFAULT '';
ALTER TABLE calendars  ADD COLUMN trouble TEXT NOT NULL DEFAULT '';
ALTER TABLE meetings   ADD COLUMN missing_at INTEGER;

CREATE INDEX intents_given_up ON intents (organizer) WHERE state = 'given-up';
CREATE INDEX intents_created  ON intents (sent_at)            WHERE kind = 'create-meeting' AND state <> 'refused';
CREATE INDEX intents_hers     ON intents (organizer, sent_at) WHERE kind = 'create-meeting' AND state <> 'refused';
CREATE INDEX meetings_missing ON meetings (organizer) WHERE missing_at IS NOT NULL;
