-- A message as one member sees it: their own by what the others did with it, the others' by what they did themselves. The
-- text of its JSON, NULL of no message.
--
-- A sender's message asks for the marks twice: a subquery that asks once would cost each message more, as message_text()
-- says.
CREATE OR REPLACE FUNCTION message_text_for(m messages, viewer members) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN message_text(
        m,
        CASE WHEN m.sender_id = viewer.user_id
            THEN (marks_of_others(m.chat_id, viewer.user_id)).delivered_seq ELSE viewer.delivered_seq END,
        CASE WHEN m.sender_id = viewer.user_id
            THEN (marks_of_others(m.chat_id, viewer.user_id)).read_seq ELSE viewer.read_seq END
    );
