-- Takes one from the subject's allowance of `burst` a `period`. A NULL burst has no limit.
-- remaining: what is left now; retry_after: seconds until the next one, 0 where this one was allowed.
CREATE OR REPLACE FUNCTION take_allowance(
    subject text, burst integer, period interval, OUT allowed boolean, OUT remaining integer, OUT retry_after integer
)
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    -- Rounded down to the microsecond: rounded up, `burst` of them would be longer than the period.
    step interval := make_interval(secs => floor(date_part('epoch', period) * 1000000 / burst) / 1000000);
    moment timestamptz := clock_timestamp();
    taken timestamptz;
BEGIN
    IF burst IS NULL THEN
        allowed := true; remaining := 0; retry_after := 0;
        RETURN;
    END IF;
    -- A subject is mostly known, and then this is cheaper than an insertion that finds it out.
    UPDATE allowances kept SET empty_at = greatest(kept.empty_at, moment) + step
    WHERE kept.subject = take_allowance.subject AND greatest(kept.empty_at, moment) + step <= moment + period
    RETURNING kept.empty_at INTO taken;
    IF NOT FOUND THEN
        INSERT INTO allowances AS kept (subject, empty_at) VALUES (take_allowance.subject, moment + step)
        ON CONFLICT ON CONSTRAINT allowances_pkey DO UPDATE SET empty_at = greatest(kept.empty_at, moment) + step
            WHERE greatest(kept.empty_at, moment) + step <= moment + period
        RETURNING kept.empty_at INTO taken;
    END IF;
    allowed := FOUND;
    IF NOT allowed THEN
        SELECT kept.empty_at INTO taken FROM allowances kept WHERE kept.subject = take_allowance.subject;
        remaining := 0;
        retry_after := greatest(1, ceil(date_part('epoch', taken + step - moment - period)));
    ELSE
        remaining := floor(date_part('epoch', moment + period - taken) / date_part('epoch', step));
        retry_after := 0;
    END IF;
END
$$;
