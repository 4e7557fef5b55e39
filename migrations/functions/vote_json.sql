-- What one member voted for in a poll, as they are told it alone.
CREATE OR REPLACE FUNCTION vote_json(chat bigint, poll_seq bigint, voter bigint) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (
        SELECT json_build_object('chatId', m.chat_id, 'messageId', m.id, 'seq', m.seq, 'votes', v.options)
        FROM poll_votes v JOIN messages m ON m.chat_id = v.chat_id AND m.seq = v.seq
        WHERE v.chat_id = chat AND v.seq = poll_seq AND v.user_id = voter
    );
