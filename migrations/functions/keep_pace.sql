-- Slow mode: stops the statement where a member writes again too soon; its DETAIL is the seconds that are left. Whoever
-- calls it has locked the chat, so that no two messages of one member get past it.
CREATE OR REPLACE FUNCTION keep_pace(chat bigint, sender bigint, pace integer) RETURNS void
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    -- The pace is in the name: where it is changed, waiting begins anew.
    taken record := take_allowance(concat_ws(':', 'slow', chat, sender, pace), 1, make_interval(secs => pace));
BEGIN
    IF NOT taken.allowed THEN
        RAISE EXCEPTION 'slow mode' USING ERRCODE = 'MS430', DETAIL = taken.retry_after::text;
    END IF;
END
$$;
