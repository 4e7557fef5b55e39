-- Approves a message that waits, which then is sent as if nobody had held it, or deletes it. Moderators decide all of
-- them; where `place` is given, it is a group whose admins decide what its own rules hold.
--
-- verdict: 'allowed', 'unchanged', 'stale', or why it refuses, which may be why the message cannot be sent any more.
-- message is the one that was sent, with whom it is told.
CREATE OR REPLACE FUNCTION decide_held(
    held_id bigint, place bigint, actor bigint, decision text, address text, request_id text,
    OUT verdict text, OUT held text, OUT users text, OUT message text, OUT recipients bigint[],
    OUT leaves_unread boolean, OUT head text
)
    LANGUAGE plpgsql AS $$
DECLARE
    known held_messages;
    sent record;
BEGIN
    recipients := '{}';
    leaves_unread := false;
    SELECT h.* INTO known FROM held_messages h WHERE h.id = held_id FOR UPDATE;
    verdict := CASE
        WHEN filter_refusal(place, actor) IS NOT NULL THEN filter_refusal(place, actor)
        WHEN known.id IS NULL OR (place IS NOT NULL AND (known.chat_id <> place OR NOT known.by_chat)) THEN 'not_found'
        WHEN place IS NULL AND judging_refusal(actor, known.user_id) IN ('not_yourself', 'forbidden')
            THEN judging_refusal(actor, known.user_id)
        WHEN known.state = decision THEN 'unchanged'
        WHEN known.state <> 'waiting' THEN 'held_decided'
        ELSE 'allowed'
    END;
    IF verdict = 'allowed' THEN
        UPDATE held_messages h SET state = decision, decided_by = actor, decided_at = now(),
            client_message_id = coalesce(h.client_message_id, 'held:' || h.id)
        WHERE h.id = held_id RETURNING * INTO known;
        IF decision = 'approved' THEN
            -- The pace of a chat is not the fault of whoever had to wait for this.
            DELETE FROM allowances a USING chats c
            WHERE c.id = known.chat_id AND a.subject = concat_ws(':', 'slow', c.id, known.user_id, c.slow_seconds);
            sent := store_message(
                known.user_id, NULL, known.chat_id, known.client_message_id, known.kind, known.content,
                known.reply_to, known.files, known.mentions, '', NULL, true, known.details, known.described
            );
            IF sent.verdict NOT IN ('allowed', 'repeated') THEN
                -- It goes on waiting: whoever cannot write now may be able to later.
                UPDATE held_messages h SET state = 'waiting', decided_by = NULL, decided_at = NULL
                WHERE h.id = held_id;
                verdict := CASE sent.verdict WHEN 'not_found' THEN 'gone' ELSE sent.verdict END;
                RETURN;
            END IF;
            IF sent.verdict = 'allowed' THEN
                message := (
                    SELECT with_users(message_json(m, 0, 0)::text, message_people(m)) FROM messages m
                    WHERE m.chat_id = known.chat_id AND m.seq = sent.seq
                );
                recipients := sent.recipients;
                leaves_unread := sent.leaves_unread;
                head := sent.head;
            END IF;
        END IF;
        INSERT INTO audit (action, actor_id, subject_kind, subject_id, details, address, request_id)
        VALUES (
            'held_' || decision, actor, 'held', known.id,
            jsonb_build_object('userId', known.user_id, 'chatId', known.chat_id, 'phrase', known.phrase),
            decide_held.address, decide_held.request_id
        );
    END IF;
    IF verdict IN ('allowed', 'unchanged') THEN
        held := held_json(known);
        users := users_text(array_remove(ARRAY[known.user_id, known.decided_by], NULL));
    END IF;
END
$$;
