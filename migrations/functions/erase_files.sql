-- Forgets files whose objects are deleted, as the messages that hold them do.
CREATE OR REPLACE FUNCTION erase_files(ids bigint[]) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    erased bigint;
BEGIN
    -- As every change of a message does, and in one order.
    PERFORM FROM chats c WHERE c.id IN (SELECT a.chat_id FROM attachments a WHERE a.upload_id = ANY(ids))
    ORDER BY c.id FOR NO KEY UPDATE;
    -- Naming the content has the words of the message made anew, without those of the files.
    UPDATE messages m SET updated_at = next_update(m, clock_timestamp()), content = m.content, attachments = (
        SELECT coalesce(jsonb_agg(kept.file ORDER BY kept.place), '[]')
        FROM jsonb_array_elements(m.attachments) WITH ORDINALITY AS kept (file, place)
        WHERE (kept.file ->> 'id')::bigint <> ALL(ids)
    )
    FROM (SELECT DISTINCT a.chat_id, a.seq FROM attachments a WHERE a.upload_id = ANY(ids)) held
    WHERE m.chat_id = held.chat_id AND m.seq = held.seq;
    DELETE FROM uploads u WHERE u.id = ANY(ids);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END
$$;
