-- Whom a message names: who wrote and who first wrote it, whom it answers and mentions, who reacted, who is its contact,
-- who last replied in its thread, and to whom something was done that it tells.
CREATE OR REPLACE FUNCTION message_people(m messages) RETURNS bigint[]
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN m.sender_id || m.mentions || reaction_people(m.reactions) || details_people(m.details)
        || CASE WHEN m.thread_id = m.id THEN thread_people(m) END
        || CASE WHEN m.reply_to IS NOT NULL THEN array(SELECT q.sender_id FROM messages q WHERE q.id = m.reply_to) END
        || CASE WHEN m.forwarded_from IS NOT NULL THEN ARRAY[(m.forwarded_from ->> 'senderId')::bigint] END
        || CASE WHEN m.system IS NOT NULL THEN array(
            SELECT named.id::bigint FROM jsonb_array_elements_text(m.system -> 'userIds') AS named (id)
        ) END;
