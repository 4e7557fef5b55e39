-- What is told of a call after a change, and to whom: the call with the people whom it names, its parties, and those of
-- whom the chat is muted. `news` are users for whom it begins to ring.
CREATE OR REPLACE FUNCTION call_told(
    the_call bigint, news bigint[], OUT call text, OUT party_ids bigint[], OUT ring_ids bigint[], OUT silent_ids bigint[],
    OUT member_ids bigint[]
)
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    SELECT with_users(call_json(c)::text, call_people(c)),
        array(SELECT p.user_id FROM call_parties p WHERE p.call_id = c.id ORDER BY p.user_id),
        array(
            SELECT m.user_id FROM members m
            WHERE m.chat_id = c.chat_id AND m.user_id = ANY (news) AND coalesce(m.muted_until <= now(), true)
        ),
        array(
            SELECT m.user_id FROM members m
            WHERE m.chat_id = c.chat_id AND m.user_id = ANY (news) AND m.muted_until > now()
        ),
        CASE WHEN c.ended_at IS NULL THEN '{}'
            ELSE array(SELECT m.user_id FROM members m WHERE m.chat_id = c.chat_id) END
    INTO call, party_ids, ring_ids, silent_ids, member_ids
    FROM calls c WHERE c.id = the_call;
END
$$;
