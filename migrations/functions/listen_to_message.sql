-- Notes that a member has listened to a voice message of somebody else, for all to see.
--
-- verdict: 'not_found'; 'deleted'; 'not_recording'; 'unchanged' where that is known, where the member does not share what
-- they read, and in chats of more members than are told of receipts; 'allowed' where it was noted, and message is told to
-- member_ids. answer is the message as the member sees it then.
CREATE OR REPLACE FUNCTION listen_to_message(
    message_id bigint, actor bigint, most integer,
    OUT verdict text, OUT answer text, OUT message text, OUT member_ids bigint[]
)
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    target record;
    heard messages;
BEGIN
    member_ids := '{}';
    SELECT a.message, a.viewer INTO target FROM access_message(message_id, actor) a;
    IF NOT FOUND THEN
        verdict := 'not_found';
        RETURN;
    END IF;
    heard := target.message;
    member_ids := array(SELECT m.user_id FROM members m WHERE m.chat_id = heard.chat_id LIMIT most + 1);
    verdict := CASE
        WHEN heard.deleted_at IS NOT NULL THEN 'deleted'
        WHEN heard.message_type <> 'audio' THEN 'not_recording'
        WHEN heard.sender_id = actor OR NOT (target.viewer).read_receipts OR cardinality(member_ids) > most
            THEN 'unchanged'
        ELSE 'allowed'
    END;
    IF verdict = 'allowed' THEN
        -- Every change locks the chat first.
        UPDATE chats c SET updated_at = c.updated_at WHERE c.id = heard.chat_id;
        UPDATE messages m SET updated_at = next_update(m, clock_timestamp()), details = jsonb_set(
            coalesce(m.details, '{}'), '{listenedBy}', coalesce(m.details -> 'listenedBy', '[]') || to_jsonb(actor)
        )
        WHERE m.chat_id = heard.chat_id AND m.seq = heard.seq AND m.deleted_at IS NULL
            AND NOT coalesce(m.details -> 'listenedBy' @> to_jsonb(actor), false)
        RETURNING m.* INTO heard;
        IF FOUND THEN
            message := message_told(heard, target.viewer);
        ELSE
            heard := target.message;
            verdict := 'unchanged';
        END IF;
    END IF;
    IF verdict IN ('allowed', 'unchanged') THEN
        answer := message_answer(heard, target.viewer);
    END IF;
END
$$;
