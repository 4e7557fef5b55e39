-- A message as all members are told of it: as its sender sees it, with the people whom it names. Who has left sees
-- nothing, and another one stands in.
CREATE OR REPLACE FUNCTION message_told(m messages, stand_in members) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN message_answer(m, coalesce((
        SELECT sender FROM members sender WHERE sender.chat_id = m.chat_id AND sender.user_id = m.sender_id
    ), stand_in));
END
$$;
