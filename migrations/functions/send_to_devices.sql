-- Keeps an encrypted message for each device of these users, the sending one left out: nothing where the devices that
-- `given` names are others than those. A device for which `most` wait gets no more. Answers as JSON the verdict, the
-- devices that are missing and those that are none, what was kept with whom to tell it, and the devices that are full.
CREATE OR REPLACE FUNCTION send_to_devices(
    sender bigint, session bigint, receivers bigint[], given jsonb, most integer
) RETURNS text
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    verdict text := CASE WHEN is_silenced(sender) THEN 'muted' END;
    right_ones bigint[];
    named bigint[] := array(SELECT (g.one ->> 'deviceId')::bigint FROM jsonb_array_elements(given) AS g (one));
    missing bigint[];
    unknown bigint[];
    kept jsonb;
BEGIN
    verdict := coalesce((
        SELECT keys_refusal(sender, r.id) FROM unnest(receivers) AS r (id)
        ORDER BY keys_refusal(sender, r.id) DESC NULLS LAST LIMIT 1
    ), verdict);
    IF verdict IS NOT NULL THEN
        RETURN jsonb_build_object('verdict', verdict)::text;
    END IF;
    right_ones := array(
        SELECT DISTINCT k.session_id FROM unnest(receivers) AS r (id), encrypting_devices(r.id) k
        WHERE k.session_id <> session
    );
    missing := array(SELECT unnest(right_ones) EXCEPT SELECT unnest(named) ORDER BY 1);
    unknown := array(SELECT unnest(named) EXCEPT SELECT unnest(right_ones) ORDER BY 1);
    IF cardinality(missing) + cardinality(unknown) > 0 THEN
        RETURN jsonb_build_object('verdict', 'devices_changed', 'missing', missing, 'unknown', unknown)::text;
    END IF;
    WITH asked AS MATERIALIZED (
        SELECT (g.one ->> 'deviceId')::bigint AS device, g.one ->> 'type' AS type, g.one ->> 'body' AS body, g.place
        FROM jsonb_array_elements(given) WITH ORDINALITY AS g (one, place)
    ), roomy AS MATERIALIZED (
        SELECT a.device FROM (SELECT DISTINCT device FROM asked) a
        WHERE (
            SELECT count(*) FROM (SELECT FROM device_messages m WHERE m.session_id = a.device LIMIT most) waiting
        ) < most
    ), written AS (
        INSERT INTO device_messages AS m (session_id, sender_id, sender_session_id, type, body)
        SELECT a.device, sender, session, a.type, a.body FROM asked a JOIN roomy USING (device) ORDER BY a.place
        RETURNING m AS message, m.id, m.session_id
    )
    SELECT jsonb_agg(jsonb_build_object(
        'userId', k.user_id, 'deviceId', w.session_id, 'message', device_message_json(w.message)
    ) ORDER BY w.id)
    INTO kept FROM written w JOIN device_keys k ON k.session_id = w.session_id;
    RETURN jsonb_build_object('verdict', 'allowed', 'kept', coalesce(kept, '[]'), 'full', array(
        SELECT unnest(right_ones) EXCEPT SELECT (one ->> 'deviceId')::bigint
        FROM jsonb_array_elements(coalesce(kept, '[]')) AS k (one) ORDER BY 1
    ))::text;
END
$$;
