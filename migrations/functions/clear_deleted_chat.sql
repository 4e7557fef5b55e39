-- Takes away what is left of groups that were deleted, up to `most` messages at a time; answers how many rows went.
CREATE OR REPLACE FUNCTION clear_deleted_chat(most integer) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    doomed bigint;
    removed bigint;
BEGIN
    SELECT c.id INTO doomed FROM chats c WHERE c.deleted_at IS NOT NULL
    ORDER BY c.deleted_at LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF doomed IS NULL THEN
        RETURN 0;
    END IF;
    DELETE FROM messages m WHERE m.chat_id = doomed AND m.seq IN (
        SELECT o.seq FROM messages o WHERE o.chat_id = doomed ORDER BY o.seq LIMIT most
    );
    GET DIAGNOSTICS removed = ROW_COUNT;
    IF removed < most THEN
        DELETE FROM chats c WHERE c.id = doomed;
        removed := removed + 1;
    END IF;
    RETURN removed;
END
$$;
