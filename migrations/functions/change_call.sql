-- Does something in a call: `what` is 'accept', 'decline', 'end', 'ring' or 'state'. `wanted` are users to ring for,
-- `states` what of {"muted", "camera", "screen"} changes, `reason` what a call that is ended by it becomes. `most` may take
-- part in a call that is no room.
--
-- verdict: 'allowed'; 'unchanged', where it was so already, or the call has ended; or why it refuses. `did` is what was
-- done: one who declines or ends a call that goes on without them has 'left' or 'declined'.
CREATE OR REPLACE FUNCTION change_call(
    wanted_call bigint, actor bigint, device bigint, what text, wanted bigint[], states jsonb, reason text,
    subject text, burst integer, most integer, ring integer,
    OUT verdict text, OUT allowed boolean, OUT remaining integer, OUT retry_after integer, OUT call text,
    OUT party_ids bigint[], OUT ring_ids bigint[], OUT silent_ids bigint[], OUT member_ids bigint[], OUT message text
)
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    the_call bigint := coalesce(wanted_call, call_of(actor));
    live calls;
    mine call_parties;
    is_member boolean;
    taken record;
    callees bigint[];
    rung bigint[] := '{}';
BEGIN
    allowed := true;
    retry_after := 0;
    verdict := 'not_found';
    SELECT c.* INTO live FROM calls c
    WHERE c.id = the_call AND (
        EXISTS (SELECT FROM call_parties p WHERE p.call_id = c.id AND p.user_id = actor)
        OR EXISTS (SELECT FROM members m WHERE m.chat_id = c.chat_id AND m.user_id = actor)
    );
    IF NOT FOUND THEN
        RETURN;
    END IF;
    taken := take_allowance(subject, burst, interval '1 minute');
    allowed := taken.allowed;
    remaining := taken.remaining;
    retry_after := taken.retry_after;
    IF NOT allowed THEN
        verdict := 'allowed';
        RETURN;
    END IF;

    PERFORM FROM chats c WHERE c.id = live.chat_id FOR NO KEY UPDATE;
    SELECT c.* INTO live FROM calls c WHERE c.id = the_call;
    SELECT p.* INTO mine FROM call_parties p WHERE p.call_id = the_call AND p.user_id = actor;
    is_member := EXISTS (SELECT FROM members m WHERE m.chat_id = live.chat_id AND m.user_id = actor);
    IF live.id IS NULL OR (mine.user_id IS NULL AND NOT is_member) THEN
        RETURN;
    END IF;
    verdict := CASE
        WHEN live.ended_at IS NOT NULL AND what IN ('decline', 'end') THEN 'unchanged'
        WHEN live.ended_at IS NOT NULL THEN 'call_ended'
        WHEN what = 'accept' THEN CASE
            WHEN NOT is_member THEN 'not_found'
            WHEN mine.state = 'joined' AND mine.session_id = device AND mine.lost_at IS NULL THEN 'unchanged'
            WHEN mine.state = 'joined' AND mine.session_id <> device AND mine.lost_at IS NULL THEN 'answered_elsewhere'
            WHEN call_is_full(the_call, actor, greatest(most, live.size)) THEN 'call_full'
            ELSE 'allowed'
        END
        WHEN what = 'decline' THEN CASE WHEN mine.state = 'ringing' THEN 'allowed' ELSE 'unchanged' END
        WHEN what = 'end' THEN CASE WHEN mine.state IN ('ringing', 'joined') THEN 'allowed' ELSE 'unchanged' END
        WHEN what = 'ring' AND wanted IS NULL THEN CASE
            WHEN mine.state = 'ringing' AND mine.rang_at IS NULL THEN 'allowed' ELSE 'unchanged'
        END
        WHEN mine.state IS DISTINCT FROM 'joined' OR mine.session_id <> device THEN 'not_in_call'
        WHEN what = 'ring' AND cardinality(wanted) <> (
            SELECT count(*) FROM members m
            WHERE m.chat_id = live.chat_id AND m.user_id = ANY (wanted) AND m.user_id <> actor
        ) THEN 'unknown_user'
        ELSE 'allowed'
    END;

    IF verdict = 'allowed' AND what = 'ring' AND wanted IS NOT NULL THEN
        callees := array(
            SELECT given.id FROM unnest(wanted) AS given (id)
            WHERE may_call(actor, given.id) AND NOT EXISTS (
                SELECT FROM call_parties p
                WHERE p.call_id = the_call AND p.user_id = given.id AND p.state IN ('joined', 'ringing')
            )
        );
        verdict := CASE
            WHEN callees = '{}' AND EXISTS (SELECT FROM unnest(wanted) AS given (id) WHERE NOT may_call(actor, given.id))
                THEN 'call_refused'
            WHEN callees = '{}' THEN 'unchanged'
            WHEN call_is_full(the_call, actor, greatest(most, live.size) - cardinality(callees)) THEN 'call_full'
            ELSE 'allowed'
        END;
    END IF;

    IF verdict = 'allowed' THEN
        CASE what
            WHEN 'accept' THEN PERFORM join_call(the_call, actor, device);
            WHEN 'decline', 'end' THEN
                UPDATE call_parties p SET left_at = clock_timestamp(),
                    state = CASE p.state WHEN 'joined' THEN 'left' ELSE 'declined' END
                WHERE p.call_id = the_call AND p.user_id = actor;
            WHEN 'ring' THEN
                IF wanted IS NULL THEN
                    UPDATE call_parties p SET rang_at = now() WHERE p.call_id = the_call AND p.user_id = actor;
                ELSE
                    rung := ring_for(the_call, callees, ring);
                END IF;
            ELSE
                UPDATE call_parties p SET muted = coalesce((states ->> 'muted')::boolean, p.muted),
                    camera = coalesce((states ->> 'camera')::boolean, p.camera),
                    screen = coalesce((states ->> 'screen')::boolean, p.screen)
                WHERE p.call_id = the_call AND p.user_id = actor;
        END CASE;
        PERFORM note_call(the_call);
        IF what IN ('decline', 'end') AND call_is_over(the_call) THEN
            message := end_call(the_call, reason);
        END IF;
    END IF;
    IF verdict IN ('allowed', 'unchanged') THEN
        SELECT t.* INTO call, party_ids, ring_ids, silent_ids, member_ids FROM call_told(the_call, rung) t;
    END IF;
END
$$;
