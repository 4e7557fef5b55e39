-- Has every message that holds a file change: {"message", "memberIds"} of each, as JSON. The caller has locked the file.
CREATE OR REPLACE FUNCTION tell_holders(upload bigint) RETURNS text
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    holder record;
    written messages;
    each_told text[] := '{}';
BEGIN
    FOR holder IN
        SELECT a.chat_id, a.seq FROM attachments a WHERE a.upload_id = upload ORDER BY a.chat_id, a.seq
    LOOP
        -- Every change locks the chat first.
        UPDATE chats c SET updated_at = c.updated_at WHERE c.id = holder.chat_id;
        UPDATE messages m SET updated_at = next_update(m, clock_timestamp())
        WHERE m.chat_id = holder.chat_id AND m.seq = holder.seq AND m.deleted_at IS NULL
        RETURNING m.* INTO written;
        CONTINUE WHEN NOT FOUND;
        each_told := array_append(each_told, (
            SELECT concat(
                '{"message":', message_told(written, me), ',"memberIds":', array_to_json(array(
                    SELECT m.user_id FROM members m WHERE m.chat_id = written.chat_id
                )), '}'
            )
            FROM members me WHERE me.chat_id = written.chat_id ORDER BY me.user_id LIMIT 1
        ));
    END LOOP;
    RETURN concat('[', array_to_string(each_told, ','), ']');
END
$$;
