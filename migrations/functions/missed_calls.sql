-- How many calls somebody has missed and not seen since: those whose messages they have not read. It costs a probe of an
-- index for each of their chats.
CREATE OR REPLACE FUNCTION missed_calls(whose bigint) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (
        SELECT count(*) FROM members me JOIN call_parties p ON p.chat_id = me.chat_id
        WHERE me.user_id = whose AND p.user_id = whose AND p.state IN ('missed', 'busy') AND p.seq > me.read_seq
            AND NOT EXISTS (
                SELECT FROM hidden_messages h WHERE h.user_id = whose AND h.chat_id = p.chat_id AND h.seq = p.seq
            )
    );
