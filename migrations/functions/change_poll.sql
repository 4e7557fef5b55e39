-- Votes in a poll for these options, in place of an earlier vote of the same user; for none, to take it back. Or closes
-- the poll, for whoever made it.
--
-- verdict: as of every change of a message; 'not_poll', 'poll_closed', 'unknown_option', or 'one_option' where the poll
-- takes no more. results is the poll as it stands then, message the whole where it has changed.
CREATE OR REPLACE FUNCTION change_poll(
    message_id bigint, actor bigint, wanted smallint[], closing boolean, subject text, burst integer,
    OUT verdict text, OUT allowed boolean, OUT remaining integer, OUT retry_after integer,
    OUT results text, OUT message text, OUT member_ids bigint[]
)
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    target record;
    poll jsonb;
    taken record;
    changed messages;
BEGIN
    allowed := true;
    retry_after := 0;
    member_ids := '{}';
    -- access_message() answers no row for a message that the actor has no right to see.
    SELECT a.message, a.chat, a.viewer INTO target FROM access_message(message_id, actor) a;
    IF NOT FOUND THEN
        verdict := 'not_found';
        RETURN;
    END IF;
    changed := target.message;
    poll := poll_json(changed.details -> 'poll');
    verdict := CASE
        WHEN changed.deleted_at IS NOT NULL THEN 'deleted'
        WHEN poll ->> 'options' IS NULL THEN 'not_poll'
        WHEN closing AND changed.sender_id IS DISTINCT FROM actor THEN 'forbidden'
        WHEN closing AND poll ->> 'closedAt' IS NOT NULL THEN 'unchanged'
        WHEN closing THEN 'allowed'
        WHEN poll ->> 'closedAt' IS NOT NULL THEN 'poll_closed'
        WHEN writing_refusal(target.chat, target.viewer) IN ('blocked', 'request_declined')
            THEN writing_refusal(target.chat, target.viewer)
        WHEN (SELECT max(option) FROM unnest(wanted) option) >= jsonb_array_length(poll -> 'options')
            THEN 'unknown_option'
        WHEN cardinality(wanted) > 1 AND NOT (poll ->> 'isMultiple')::boolean THEN 'one_option'
        WHEN wanted = coalesce((
            SELECT v.options FROM poll_votes v
            WHERE v.chat_id = changed.chat_id AND v.seq = changed.seq AND v.user_id = actor
        ), '{}') THEN 'unchanged'
        ELSE 'allowed'
    END;
    IF verdict = 'allowed' THEN
        taken := take_allowance(subject, burst, interval '1 minute');
        allowed := taken.allowed;
        remaining := taken.remaining;
        retry_after := taken.retry_after;
        IF NOT allowed THEN
            RETURN;
        END IF;
        -- Every change locks the chat first. The caller repeats it if the members have changed since the check.
        UPDATE chats c SET updated_at = c.updated_at
        WHERE c.id = changed.chat_id AND c.members_version = (target.chat).members_version;
        IF NOT FOUND OR NOT EXISTS (
            -- It may have been deleted or closed meanwhile.
            SELECT FROM messages m
            WHERE m.chat_id = changed.chat_id AND m.seq = changed.seq AND m.deleted_at IS NULL
                AND m.details #>> '{poll,closedAt}' IS NULL
        ) THEN
            verdict := 'stale';
            RETURN;
        END IF;
        IF NOT closing THEN
            INSERT INTO poll_votes AS v (chat_id, seq, user_id, options, changed)
            VALUES (
                changed.chat_id, changed.seq, actor, wanted,
                CASE WHEN (poll ->> 'isAnonymous')::boolean THEN pg_current_xact_id() END
            )
            ON CONFLICT (chat_id, seq, user_id) DO UPDATE
            SET options = excluded.options, voted_at = excluded.voted_at, changed = excluded.changed;
        END IF;
        -- The message's row changes too, so that sync tells the vote; whose it is, an anonymous poll tells themselves.
        UPDATE messages m SET updated_at = next_update(m, clock_timestamp()), details = CASE
                WHEN closing THEN jsonb_set(m.details, '{poll,closedAt}', to_jsonb(wire_time(clock_timestamp())))
                ELSE counted_poll(m.details, m.chat_id, m.seq)
            END
        WHERE m.chat_id = changed.chat_id AND m.seq = changed.seq
        RETURNING m.* INTO changed;
        message := message_told(changed, target.viewer);
        member_ids := array(SELECT m.user_id FROM members m WHERE m.chat_id = changed.chat_id);
    END IF;
    IF verdict IN ('allowed', 'unchanged') THEN
        results := poll_text(changed, actor);
    END IF;
END
$$;
