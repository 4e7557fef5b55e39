-- The link of a row of the audit trail, behind the link `before` it.
CREATE OR REPLACE FUNCTION link_hash(before bytea, a audit) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN sha256(before || convert_to(jsonb_build_array(
        a.id, (extract(epoch FROM a.happened_at) * 1000000)::bigint, a.action, a.actor_id, a.subject_kind,
        a.subject_id, a.details, a.address, a.request_id
    )::text, 'UTF8'));
