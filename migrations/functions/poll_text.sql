-- A poll as it stands, and which options one member voted for, with the people whom it names.
CREATE OR REPLACE FUNCTION poll_text(m messages, viewer bigint) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN with_users(
        json_build_object(
            'chatId', m.chat_id, 'messageId', m.id, 'seq', m.seq, 'poll', poll_json(m.details -> 'poll'),
            'updatedAt', wire_time(m.updated_at), 'votes', coalesce((
                SELECT to_json(v.options) FROM poll_votes v
                WHERE v.chat_id = m.chat_id AND v.seq = m.seq AND v.user_id = viewer
            ), '[]')
        )::text,
        details_people(m.details)
    );
