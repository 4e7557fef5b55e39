-- Who hears of a change of a user's keys: the user, and those with whom the user has exchanged keys.
CREATE OR REPLACE FUNCTION key_hearers(of_user bigint) RETURNS bigint[]
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN of_user || array(
        SELECT p.peer_id FROM key_peers p
        WHERE p.user_id = of_user AND p.peer_id <> of_user AND NOT is_blocked(of_user, p.peer_id)
        ORDER BY p.peer_id LIMIT 10000
    );
END
$$;
