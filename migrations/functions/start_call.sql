-- Starts a call in a chat, or joins the one that there is: so two who call each other at once are in one call. It rings
-- for the other of a private chat; in a group for `wanted`, or for all others where that is NULL. `most` is how many may
-- take part in a new call, and what the device can show: it joins no larger one. `ring` is for how many seconds it rings.
--
-- verdict: 'allowed'; 'joined' for a call that was there; 'unchanged' for one that the device is in already; 'stale' where
-- the members or rules changed meanwhile; or why it refuses. message tells a call that has ended at once: all are busy.
CREATE OR REPLACE FUNCTION start_call(
    actor bigint, device bigint, chat bigint, kind text, wanted bigint[], subject text, burst integer, most integer,
    ring integer,
    OUT verdict text, OUT allowed boolean, OUT remaining integer, OUT retry_after integer, OUT call text,
    OUT party_ids bigint[], OUT ring_ids bigint[], OUT silent_ids bigint[], OUT member_ids bigint[], OUT message text
)
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    place record;
    taken record;
    live calls;
    mine call_parties;
    callees bigint[];
    rung bigint[] := '{}';
BEGIN
    allowed := true;
    retry_after := 0;
    SELECT c.members_version, writing_refusal(c, me) AS refusal, c.request_of,
        array(SELECT m.user_id FROM members m WHERE m.chat_id = c.id AND m.user_id <> actor LIMIT most) AS others
    INTO place
    FROM members me JOIN chats c ON c.id = me.chat_id WHERE me.chat_id = chat AND me.user_id = actor;
    IF NOT FOUND THEN
        verdict := 'not_found';
        RETURN;
    END IF;
    callees := coalesce(wanted, place.others);
    verdict := CASE
        WHEN place.refusal IS NOT NULL THEN place.refusal
        WHEN wanted IS NOT NULL AND cardinality(wanted) <> (
            SELECT count(*) FROM members m WHERE m.chat_id = chat AND m.user_id = ANY (wanted) AND m.user_id <> actor
        ) THEN 'unknown_user'
    END;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    taken := take_allowance(subject, burst, interval '1 minute');
    allowed := taken.allowed;
    remaining := taken.remaining;
    retry_after := taken.retry_after;
    verdict := 'allowed';
    IF NOT allowed THEN
        RETURN;
    END IF;
    PERFORM FROM chats c WHERE c.id = chat AND c.members_version = place.members_version FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        verdict := 'stale';
        RETURN;
    END IF;

    SELECT c.* INTO live FROM calls c WHERE c.chat_id = chat AND c.ended_at IS NULL;
    IF FOUND THEN
        SELECT p.* INTO mine FROM call_parties p WHERE p.call_id = live.id AND p.user_id = actor;
        verdict := CASE
            WHEN mine.state = 'joined' AND mine.session_id = device THEN 'unchanged'
            WHEN mine.state = 'joined' AND mine.lost_at IS NULL THEN 'answered_elsewhere'
            WHEN live.size > most THEN 'call_is_room'
            WHEN call_is_full(live.id, actor, live.size) THEN 'call_full'
            ELSE 'joined'
        END;
        IF verdict = 'joined' THEN
            PERFORM join_call(live.id, actor, device);
        END IF;
    ELSE
        SELECT array_agg(given.id) INTO callees FROM unnest(callees) AS given (id)
        WHERE may_call(actor, given.id) AND given.id IS DISTINCT FROM place.request_of;
        verdict := CASE
            WHEN place.others = '{}' THEN 'not_yourself'
            WHEN callees IS NULL THEN 'call_refused'
            WHEN cardinality(callees) >= most THEN 'call_full'
            ELSE 'allowed'
        END;
        IF verdict = 'allowed' THEN
            INSERT INTO calls AS c (chat_id, caller_id, type, due_at, size)
            VALUES (chat, actor, kind, now() + make_interval(secs => ring), most) RETURNING c.* INTO live;
            PERFORM join_call(live.id, actor, device);
            rung := ring_for(live.id, callees, ring);
            IF rung = '{}' THEN
                message := end_call(live.id, 'ended');
            END IF;
        END IF;
    END IF;
    IF verdict IN ('allowed', 'joined', 'unchanged') THEN
        IF verdict = 'joined' THEN
            PERFORM note_call(live.id);
        END IF;
        SELECT t.* INTO call, party_ids, ring_ids, silent_ids, member_ids FROM call_told(live.id, rung) t;
    END IF;
END
$$;
