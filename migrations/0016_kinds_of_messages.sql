-- What a location or a contact is, beside the text of its message.

-- {"location": {"latitude", "longitude", "name"}} or {"contact": {"userId", "name", "phone"}}, as the wire has it; NULL of
-- all other messages.
ALTER TABLE messages ADD COLUMN details jsonb;

-- A first text, for the trigger. Today's is in functions/.
CREATE FUNCTION drop_details() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';

-- Also for the version before, which deletes messages and knows of no details.
CREATE TRIGGER messages_details_dropped BEFORE UPDATE OF deleted_at ON messages
    FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL AND NEW.details IS NOT NULL) EXECUTE FUNCTION drop_details();

-- Who voted for which options of a poll, counted from 0.
CREATE TABLE poll_votes (
    chat_id bigint NOT NULL,
    seq bigint NOT NULL,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    options smallint[] NOT NULL,
    voted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (chat_id, seq, user_id),
    FOREIGN KEY (chat_id, seq) REFERENCES messages ON DELETE CASCADE
);
CREATE INDEX poll_votes_user ON poll_votes (user_id);
