-- A deleted message is no longer the head of a thread. Its replies stay in the chat.
CREATE OR REPLACE FUNCTION drop_thread() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM threads t WHERE t.chat_id = NEW.chat_id AND t.root_seq = NEW.seq;
    RETURN NULL;
END
$$;
