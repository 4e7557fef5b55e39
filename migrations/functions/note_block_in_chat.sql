-- Notes for sync that two users may write to each other no longer, or again: their chat is told to both anew.
CREATE OR REPLACE FUNCTION note_block_in_chat() RETURNS trigger
    LANGUAGE plpgsql AS $$
DECLARE
    given blocks := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    chat bigint := private_chat_of(given.blocker_id, given.blocked_id);
BEGIN
    -- Every change locks the chat before its members.
    PERFORM FROM chats c WHERE c.id = chat FOR NO KEY UPDATE;
    UPDATE members m SET marked_unread = m.marked_unread WHERE m.chat_id = chat;
    RETURN NULL;
END
$$;
