-- Deletes a message for everyone, as a moderator who need not be a member of its chat.
-- verdict: 'allowed', 'unchanged' where it was deleted before, or why it refuses. head is the head of its thread; last
-- is the chat's newest message then, and unread what is left to read where `counts`.
CREATE OR REPLACE FUNCTION remove_message(
    message_id bigint, actor bigint, why text, counts boolean, address text, request_id text,
    OUT verdict text, OUT chat_id bigint, OUT seq bigint, OUT member_ids bigint[], OUT users text, OUT head text,
    OUT last text, OUT unread text
)
    LANGUAGE plpgsql AS $$
DECLARE
    known messages;
    refusal text;
    stand_in members;
BEGIN
    member_ids := '{}';
    SELECT m.* INTO known FROM messages m WHERE m.id = message_id;
    refusal := judging_refusal(actor, known.sender_id);
    verdict := CASE
        WHEN known.id IS NULL THEN 'not_found'
        WHEN known.message_type IN ('system', 'call') OR refusal = 'forbidden' THEN 'forbidden'
        ELSE 'unchanged'
    END;
    IF verdict <> 'unchanged' THEN
        RETURN;
    END IF;
    -- As every change: the chat first.
    PERFORM FROM chats c WHERE c.id = known.chat_id FOR NO KEY UPDATE;
    UPDATE messages m SET content = '', attachments = '[]', forwarded_from = NULL, mentions = '{}', reactions = '{}',
        edited_at = NULL, pinned_at = NULL, expires_at = NULL, deleted_at = clock_timestamp(), deleted_by = actor,
        updated_at = next_update(m, clock_timestamp())
    WHERE m.chat_id = known.chat_id AND m.seq = known.seq AND m.deleted_at IS NULL
    RETURNING m.* INTO known;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    verdict := 'allowed';
    chat_id := known.chat_id;
    seq := known.seq;
    DELETE FROM attachments a WHERE a.chat_id = known.chat_id AND a.seq = known.seq;
    DELETE FROM message_edits e WHERE e.chat_id = known.chat_id AND e.seq = known.seq;
    member_ids := array(SELECT m.user_id FROM members m WHERE m.chat_id = known.chat_id);
    users := users_text(ARRAY[actor]);
    -- What all members are told is the same for each of them.
    SELECT m.* INTO stand_in FROM members m WHERE m.chat_id = known.chat_id ORDER BY m.user_id LIMIT 1;
    IF known.thread_id IS NOT NULL THEN
        head := remove_reply(known.chat_id, known.thread_id, known.seq, stand_in);
    END IF;
    last := newest_left(known.chat_id, known.seq, stand_in);
    IF counts THEN
        unread := unread_by_member(known.chat_id, 0);
    END IF;
    INSERT INTO audit (action, actor_id, subject_kind, subject_id, details, address, request_id)
    VALUES (
        'message_removed', actor, 'message', message_id,
        jsonb_build_object('reason', why, 'userId', known.sender_id, 'chatId', known.chat_id),
        remove_message.address, remove_message.request_id
    );
END
$$;
