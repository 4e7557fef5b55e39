-- How much waits, and for how many seconds the oldest has.
CREATE OR REPLACE FUNCTION waiting_json(count bigint, oldest timestamptz) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'count', count, 'oldestSeconds', CASE
            WHEN oldest IS NOT NULL THEN round(greatest(extract(epoch FROM now() - oldest), 0)::numeric, 1)
        END
    );
