-- The last entry of a user's key log, as the wire names it: position 0 with an empty hash where there is none.
CREATE OR REPLACE FUNCTION key_log_head(of_user bigint) RETURNS jsonb
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce(
        (
            SELECT jsonb_build_object('position', l.position, 'hash', encode(l.hash, 'hex')) FROM key_log l
            WHERE l.user_id = of_user ORDER BY l.position DESC LIMIT 1
        ),
        jsonb_build_object('position', 0, 'hash', '')
    );
END
$$;
