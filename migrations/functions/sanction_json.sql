-- A warning, mute or ban as the wire has it, with what became of the appeal against it.
CREATE OR REPLACE FUNCTION sanction_json(s sanctions) RETURNS jsonb
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN jsonb_build_object(
        'id', s.id, 'kind', s.kind, 'reason', s.reason, 'until', wire_time(nullif(s.until, 'infinity')),
        'createdAt', wire_time(s.created_at), 'liftedAt', wire_time(s.lifted_at),
        'isInForce', s.lifted_at IS NULL AND coalesce(s.until > now(), false),
        'appeal', (
            SELECT jsonb_build_object('state', r.state, 'decision', r.decision)
            FROM reports r WHERE r.reporter_id = s.user_id AND r.subject_kind = 'sanction' AND r.subject_id = s.id
        )
    );
END
$$;
