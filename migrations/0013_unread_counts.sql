-- What is not there to be read does not count as unread. It is counted when that comes about, so that no message is read
-- to tell how many are unread.

-- How many messages of a chat do not count: for all (user_id 0) what was deleted, for one user what they hid, and what
-- they sent without reading what came before. A block of level 0 is one seq, of each further level 64 blocks of the one
-- below. So a sum over all seqs above one reads a few rows, however many they are.
CREATE TABLE uncounted (
    chat_id bigint NOT NULL REFERENCES chats ON DELETE CASCADE,
    user_id bigint NOT NULL,
    level smallint NOT NULL,
    block bigint NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (chat_id, user_id, level, block)
);
-- For which users a message does not count by itself.
CREATE INDEX uncounted_of_message ON uncounted (chat_id, block) WHERE level = 0 AND user_id <> 0;

-- Messages that expire: they do not count from then on, whether they were emptied or not.
CREATE TABLE expiring_messages (
    chat_id bigint NOT NULL REFERENCES chats ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (chat_id, expires_at, seq)
);
INSERT INTO expiring_messages SELECT m.chat_id, m.expires_at, m.seq FROM messages m WHERE m.expires_at IS NOT NULL;

-- A chat that its member marked as unread, until it is read.
ALTER TABLE members ADD COLUMN marked_unread boolean NOT NULL DEFAULT false;

-- Who was mentioned where.
CREATE TABLE mentions (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    chat_id bigint NOT NULL REFERENCES chats ON DELETE CASCADE,
    seq bigint NOT NULL,
    PRIMARY KEY (user_id, chat_id, seq)
);
CREATE INDEX mentions_of_message ON mentions (chat_id, seq);

-- First texts, for the triggers. Today's are in functions/.
CREATE FUNCTION count_deleted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION count_hidden() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION note_expiry() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION note_mentions() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';

-- None of them for INSERT: each trigger's condition costs every send.
CREATE TRIGGER messages_count_deleted AFTER UPDATE OF deleted_at ON messages
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) EXECUTE FUNCTION count_deleted();
CREATE TRIGGER messages_expiry AFTER UPDATE OF expires_at ON messages
    FOR EACH ROW WHEN (OLD.expires_at IS DISTINCT FROM NEW.expires_at) EXECUTE FUNCTION note_expiry();
CREATE TRIGGER messages_mentions AFTER UPDATE OF mentions ON messages
    FOR EACH ROW WHEN (OLD.mentions <> NEW.mentions) EXECUTE FUNCTION note_mentions();
CREATE TRIGGER hidden_messages_counted AFTER INSERT ON hidden_messages
    FOR EACH ROW EXECUTE FUNCTION count_hidden();
