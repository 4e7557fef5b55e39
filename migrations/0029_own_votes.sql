-- A vote in an anonymous poll is told to the other devices of whoever voted, and to nobody else.

-- When the vote was last changed, for sync; NULL where the message tells the vote to all.
ALTER TABLE poll_votes ADD COLUMN changed xid8;
CREATE INDEX poll_votes_changed ON poll_votes (user_id, changed) WHERE changed IS NOT NULL;
