-- A row of the audit trail as the wire has it.
CREATE OR REPLACE FUNCTION audit_json(a audit) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'id', a.id, 'happenedAt', wire_time(a.happened_at), 'action', a.action, 'actorId', a.actor_id,
        'subjectKind', a.subject_kind, 'subjectId', a.subject_id, 'details', a.details, 'address', a.address,
        'requestId', a.request_id
    );
