-- A message as one member sees it: their own by what the others did with it, the others' by what they did themselves.
CREATE OR REPLACE FUNCTION message_json_for(m messages, viewer members) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN m.sender_id = viewer.user_id
        THEN (
            SELECT message_json(m, others.delivered_seq, others.read_seq)
            FROM marks_of_others(m.chat_id, viewer.user_id) others
        )
        ELSE message_json(m, viewer.delivered_seq, viewer.read_seq) END;
