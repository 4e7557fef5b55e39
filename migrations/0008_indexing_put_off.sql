-- A message is stored without its words, which are added within seconds: they cost as much as storing it.

-- `searched` is computed by a trigger from here on. Both changes touch the catalogue alone, no row is rewritten.
-- NULL: the words are still to be added, and the message is listed in unindexed_messages.
ALTER TABLE messages ALTER COLUMN searched DROP EXPRESSION;
ALTER TABLE messages ALTER COLUMN searched DROP NOT NULL, ALTER COLUMN searched SET DEFAULT '';

CREATE TABLE unindexed_messages (
    chat_id bigint NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (chat_id, seq)
) WITH (
    -- Rows stay for seconds. The usual share of a table that is mostly empty would be reached all the time.
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000
);

-- A first text, for the trigger. Today's is in functions/.
CREATE FUNCTION note_words() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';

-- Whoever leaves the column out, as version 0.1.0 does, gets the words at once.
CREATE TRIGGER messages_searched BEFORE INSERT OR UPDATE OF content ON messages
    FOR EACH ROW WHEN (NEW.searched IS NOT NULL) EXECUTE FUNCTION note_words();
-- As a generated column is computed: also where rows are loaded past the other triggers.
ALTER TABLE messages ENABLE ALWAYS TRIGGER messages_searched;

-- Adding the words changes nothing that a client has a copy of.
CREATE OR REPLACE TRIGGER messages_changed BEFORE UPDATE ON messages
    FOR EACH ROW WHEN (NEW.searched IS NOT DISTINCT FROM OLD.searched) EXECUTE FUNCTION note_change();
