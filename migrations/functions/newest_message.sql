-- The newest message of a chat that is there for one of its members.
CREATE OR REPLACE FUNCTION newest_message(chat bigint, viewer bigint) RETURNS messages
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (SELECT m.message FROM shown_messages(viewer) m WHERE m.chat_id = chat ORDER BY m.seq DESC LIMIT 1);
END
$$;
