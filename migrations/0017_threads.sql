-- Threads: the replies to a message, and the replies to those, belong together under the first one.

-- In which thread a message is: the id of the message at its head, which has its own.
ALTER TABLE messages ADD COLUMN thread_id bigint;

CREATE TABLE threads (
    chat_id bigint NOT NULL,
    root_seq bigint NOT NULL,
    reply_count integer NOT NULL,
    -- Of the newest reply that was not deleted; NULL where all were.
    last_seq bigint,
    PRIMARY KEY (chat_id, root_seq),
    FOREIGN KEY (chat_id, root_seq) REFERENCES messages ON DELETE CASCADE
);
CREATE INDEX threads_last ON threads (chat_id, last_seq) WHERE last_seq IS NOT NULL;

-- The replies of a thread that were not deleted.
CREATE TABLE thread_replies (
    chat_id bigint NOT NULL,
    root_seq bigint NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (chat_id, root_seq, seq),
    FOREIGN KEY (chat_id, root_seq) REFERENCES threads ON DELETE CASCADE
);

-- Up to where users have read a thread by itself. Whoever has read the chat further has read the thread so far.
CREATE TABLE thread_marks (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    root_id bigint NOT NULL,
    chat_id bigint NOT NULL,
    root_seq bigint NOT NULL,
    read_seq bigint NOT NULL,
    PRIMARY KEY (user_id, root_id),
    FOREIGN KEY (chat_id, root_seq) REFERENCES threads ON DELETE CASCADE
);
CREATE INDEX thread_marks_thread ON thread_marks (chat_id, root_seq);
CREATE TRIGGER thread_marks_noted AFTER INSERT OR UPDATE ON thread_marks
    FOR EACH ROW EXECUTE FUNCTION note_personal_change('thread', 'user_id', 'root_id');

-- A first text, for the trigger. Today's is in functions/.
CREATE FUNCTION drop_thread() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER messages_thread_dropped AFTER UPDATE OF deleted_at ON messages
    FOR EACH ROW WHEN (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL AND NEW.thread_id = NEW.id)
    EXECUTE FUNCTION drop_thread();
