-- A call has changed: its state is a later one, and it is due again when the next ring or grace runs out. A call in which
-- nothing is due is looked at each minute, should a closed socket not have been told.
CREATE OR REPLACE FUNCTION note_call(the_call bigint, grace integer DEFAULT 30) RETURNS void
    LANGUAGE sql VOLATILE AS $$
    UPDATE calls c SET
        updated_at = greatest(clock_timestamp(), c.updated_at + interval '1 millisecond'),
        due_at = (
            SELECT least(
                now() + interval '1 minute',
                min(p.ring_until) FILTER (WHERE p.state = 'ringing'),
                min(p.lost_at + make_interval(secs => grace)) FILTER (WHERE p.state = 'joined')
            )
            FROM call_parties p WHERE p.call_id = c.id
        )
    WHERE c.id = the_call AND c.ended_at IS NULL
$$;
