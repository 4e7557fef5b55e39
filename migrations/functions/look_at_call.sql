-- Looks at a call that is due, or of which somebody may have lost their socket. `silent` are the sessions of its parties
-- that were found without one: who has joined since then is not among them. Who rang long enough has missed it; who has
-- been without a socket for `grace` seconds, or is no longer a member, has left. Answers no row of a call that has ended, and no call where nothing has changed.
CREATE OR REPLACE FUNCTION look_at_call(the_call bigint, silent bigint[], grace integer)
    RETURNS TABLE (
        call text, party_ids bigint[], missed_ids bigint[], lost boolean, member_ids bigint[], message text
    )
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    live calls;
    gone boolean;
    moved boolean;
BEGIN
    PERFORM FROM chats c JOIN calls l ON l.chat_id = c.id WHERE l.id = the_call FOR NO KEY UPDATE OF c;
    SELECT c.* INTO live FROM calls c WHERE c.id = the_call AND c.ended_at IS NULL;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    WITH missed AS (
        UPDATE call_parties p SET state = 'missed'
        WHERE p.call_id = the_call AND p.state = 'ringing' AND p.ring_until <= now()
        RETURNING p.user_id
    )
    SELECT coalesce(array_agg(m.user_id), '{}') INTO missed_ids FROM missed m;
    UPDATE call_parties p SET state = 'left', left_at = coalesce(p.lost_at, now())
    WHERE p.call_id = the_call AND p.state = 'joined' AND (
        (p.session_id = ANY (silent) AND p.lost_at <= now() - make_interval(secs => grace))
        OR NOT EXISTS (SELECT FROM members m WHERE m.chat_id = p.chat_id AND m.user_id = p.user_id)
    );
    gone := FOUND;
    UPDATE call_parties p SET lost_at = CASE WHEN p.session_id = ANY (silent) THEN now() END
    WHERE p.call_id = the_call AND p.state = 'joined' AND (p.lost_at IS NULL) = (p.session_id = ANY (silent));
    moved := FOUND;
    lost := EXISTS (
        SELECT FROM call_parties p WHERE p.call_id = the_call AND p.state = 'joined' AND p.lost_at IS NOT NULL
    );
    PERFORM note_call(the_call, grace);
    IF call_is_over(the_call) THEN
        message := end_call(the_call, CASE WHEN gone THEN 'failed' ELSE 'ended' END);
    END IF;
    IF gone OR moved OR missed_ids <> '{}' OR message IS NOT NULL THEN
        SELECT t.call, t.party_ids, t.member_ids INTO call, party_ids, member_ids FROM call_told(the_call, '{}') t;
    END IF;
    RETURN NEXT;
END
$$;
