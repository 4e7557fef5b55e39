-- Accepts or declines a private chat that waits for a user, and answers what it is to them then, a JSON object; who waits
-- is to be told where `told_id` is not NULL: they may write again, or not any more. A chat that waits for nobody stays.
CREATE OR REPLACE FUNCTION answer_request(
    chat bigint, actor bigint, accepts boolean, OUT personal text, OUT moved boolean, OUT told_id bigint
)
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    place chats;
    mine members;
BEGIN
    -- Every change locks the chat before its members.
    SELECT c.* INTO place FROM members me JOIN chats c ON c.id = me.chat_id
    WHERE me.chat_id = chat AND me.user_id = actor FOR NO KEY UPDATE OF c;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    moved := place.request_of IS NOT DISTINCT FROM actor AND (accepts OR NOT place.request_declined);
    IF moved THEN
        IF place.request_declined OR NOT accepts THEN
            told_id := CASE WHEN place.low_user_id = actor THEN place.high_user_id ELSE place.low_user_id END;
        END IF;
        -- A send that has seen what was before is tried again.
        UPDATE chats c SET request_of = CASE WHEN NOT accepts THEN actor END, request_declined = NOT accepts,
            members_version = c.members_version + 1
        WHERE c.id = chat RETURNING c.* INTO place;
        UPDATE members m SET
            hidden_seq = CASE WHEN m.user_id <> actor THEN m.hidden_seq WHEN NOT accepts THEN place.last_seq END,
            pinned_at = CASE WHEN accepts OR m.user_id <> actor THEN m.pinned_at END
        WHERE m.chat_id = chat AND m.user_id IN (actor, told_id);
    END IF;
    SELECT m.* INTO mine FROM members m WHERE m.chat_id = chat AND m.user_id = actor;
    personal := (jsonb_build_object('chatId', chat) || personal_json(place, mine))::text;
END
$$;
