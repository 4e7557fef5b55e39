-- The same as chat_after(), once what was done is told in the chat by a system message; `told` is that message. NULL for
-- `what` tells nothing.
CREATE OR REPLACE FUNCTION chat_told(
    chat_id bigint, viewer_id bigint, most_participants integer, what jsonb, title text,
    OUT told text, OUT chat text, OUT member_ids bigint[]
)
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF what IS NOT NULL THEN
        told := store_system_message(chat_id, viewer_id, what, title);
    END IF;
    SELECT a.chat, a.member_ids INTO chat, member_ids FROM chat_after(chat_id, viewer_id, most_participants) a;
END
$$;
