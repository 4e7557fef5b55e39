-- Ends a call, and stores the message that tells it; answers the message, with the people whom it names. The caller of
-- this has locked the chat. What had been answered becomes `reason`: 'ended' or 'failed'.
--
-- The message is unread for those alone who missed the call. It does not expire, and search does not find it.
CREATE OR REPLACE FUNCTION end_call(the_call bigint, reason text) RETURNS text
    LANGUAGE plpgsql VOLATILE
    SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    place record;
    ended calls;
    stored messages;
BEGIN
    UPDATE chats c SET last_seq = c.last_seq + 1, last_message_at = clock_timestamp()
    FROM calls l WHERE l.id = the_call AND c.id = l.chat_id
    RETURNING c.last_seq, c.last_message_at AS moment INTO place;
    UPDATE call_parties p SET seq = place.last_seq,
        left_at = CASE WHEN p.state = 'joined' THEN place.moment ELSE p.left_at END,
        state = CASE p.state WHEN 'joined' THEN 'left' WHEN 'ringing' THEN 'missed' ELSE p.state END
    WHERE p.call_id = the_call;
    UPDATE calls c SET seq = place.last_seq, ended_at = place.moment, due_at = NULL,
        updated_at = greatest(place.moment, c.updated_at + interval '1 millisecond'),
        status = CASE WHEN c.answered_at IS NOT NULL THEN reason ELSE coalesce((
            SELECT p.state FROM call_parties p WHERE p.call_id = c.id AND p.state IN ('missed', 'declined', 'busy')
            ORDER BY array_position(ARRAY['missed', 'declined', 'busy'], p.state) LIMIT 1
        ), 'missed') END
    WHERE c.id = the_call
    RETURNING c.* INTO ended;
    INSERT INTO messages AS m (
        chat_id, seq, sender_id, message_type, content, details, created_at, updated_at, searched
    )
    VALUES (
        ended.chat_id, ended.seq, ended.caller_id, 'call', call_words(ended),
        jsonb_build_object('call', call_json(ended)), place.moment, place.moment, NULL
    )
    RETURNING m.* INTO stored;
    -- Counted out for all, and in again for those who missed it.
    PERFORM count_out(stored.chat_id, 0, stored.seq, 1);
    PERFORM count_out(stored.chat_id, p.user_id, stored.seq, -1)
    FROM call_parties p WHERE p.call_id = the_call AND p.state IN ('missed', 'busy');
    RETURN with_users(message_text(stored, 0, 0), message_people(stored));
END
$$;
