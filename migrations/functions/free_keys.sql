-- How many one-time keys of a device nobody has been given yet.
CREATE OR REPLACE FUNCTION free_keys(device bigint) RETURNS integer
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT count(*) FROM one_time_keys o WHERE o.session_id = device AND o.claimed_at IS NULL);
END
$$;
