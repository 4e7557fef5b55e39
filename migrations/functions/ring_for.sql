-- Has a call ring for these users for so many seconds; those who are in another call are busy. Answers for whom it rings.
CREATE OR REPLACE FUNCTION ring_for(the_call bigint, callees bigint[], ring integer) RETURNS bigint[]
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    INSERT INTO call_parties AS p (call_id, user_id, chat_id, state, ring_until)
    SELECT c.id, given.id, c.chat_id,
        CASE WHEN EXISTS (SELECT FROM call_parties b WHERE b.user_id = given.id AND b.state = 'joined')
            THEN 'busy' ELSE 'ringing' END,
        now() + make_interval(secs => ring)
    FROM calls c, unnest(callees) AS given (id) WHERE c.id = the_call
    ON CONFLICT (call_id, user_id) DO UPDATE SET state = excluded.state, ring_until = excluded.ring_until, rang_at = NULL
        WHERE p.state NOT IN ('joined', 'ringing');
    RETURN array(
        SELECT p.user_id FROM call_parties p
        WHERE p.call_id = the_call AND p.user_id = ANY (callees) AND p.state = 'ringing'
    );
END
$$;
