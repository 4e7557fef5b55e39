-- Takes `wanted` from an allowance, or nothing at all: several files that were refused leave it as it was.
-- retry_after: seconds until all of them are allowed.
CREATE OR REPLACE FUNCTION take_allowances(
    subject text, burst integer, period interval, wanted integer,
    OUT allowed boolean, OUT remaining integer, OUT retry_after integer
)
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    FOR number IN 1 .. wanted LOOP
        SELECT * INTO allowed, remaining, retry_after FROM take_allowance(subject, burst, period);
        IF NOT allowed THEN
            remaining := number - 1;
            retry_after := retry_after + ceil((wanted - number) * extract(epoch FROM period / burst));
            RAISE SQLSTATE 'MS429';
        END IF;
    END LOOP;
EXCEPTION WHEN SQLSTATE 'MS429' THEN
    -- Taken back by the rollback of this block; the answer's variables are not.
END
$$;
