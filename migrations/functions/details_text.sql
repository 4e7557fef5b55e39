-- The fields of a message that only some kinds have, as JSON text that goes on from other fields.
CREATE OR REPLACE FUNCTION details_text(details jsonb) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN details IS NULL THEN ',"location":null,"contact":null,"poll":null,"call":null,"listenedBy":[]' ELSE concat(
        ',"location":', coalesce((details -> 'location')::text, 'null'),
        ',"contact":', coalesce((details -> 'contact')::text, 'null'),
        ',"poll":', coalesce(poll_json(details -> 'poll')::text, 'null'),
        ',"call":', coalesce((details -> 'call')::text, 'null'),
        ',"listenedBy":', coalesce((details -> 'listenedBy')::text, '[]')
    ) END;
