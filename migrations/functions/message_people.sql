-- Whom a message names: who wrote and who first wrote it, whom it answers and mentions, who reacted, who is its contact,
-- who last replied in its thread, and to whom something was done that it tells.
--
-- Most messages name few, so each part is a call that they are spared; and it has no subquery, as message_text() says.
CREATE OR REPLACE FUNCTION message_people(m messages) RETURNS bigint[]
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN m.sender_id || m.mentions
        || CASE WHEN m.reactions <> '{}' THEN reaction_people(m.reactions) END
        || CASE WHEN m.details IS NOT NULL THEN details_people(m.details) END
        || CASE WHEN m.thread_id = m.id THEN thread_people(m) END
        || CASE WHEN m.reply_to IS NOT NULL THEN ARRAY[quoted_person(m.reply_to)] END
        || CASE WHEN m.forwarded_from IS NOT NULL THEN ARRAY[(m.forwarded_from ->> 'senderId')::bigint] END
        || CASE WHEN m.system IS NOT NULL THEN system_people(m.system) END;
