-- A warning, mute or ban as the wire has it.
CREATE OR REPLACE FUNCTION sanction_json(s sanctions) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'id', s.id, 'kind', s.kind, 'reason', s.reason, 'until', wire_time(nullif(s.until, 'infinity')),
        'createdAt', wire_time(s.created_at), 'liftedAt', wire_time(s.lifted_at),
        'isInForce', s.lifted_at IS NULL AND coalesce(s.until > now(), false)
    );
