-- What a copy of a message has of its details: a poll begins anew, without votes and without an end, and nobody has
-- listened to it.
CREATE OR REPLACE FUNCTION fresh_details(details jsonb) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN details ->> 'poll' IS NULL THEN nullif(details - 'listenedBy', '{}') ELSE jsonb_set(
        details, '{poll}', details -> 'poll' || jsonb_build_object(
            'voterCount', 0, 'closesAt', NULL, 'closedAt', NULL, 'options', (
                SELECT jsonb_agg(given.option || '{"voteCount": 0, "voters": []}' ORDER BY given.place)
                FROM jsonb_array_elements(details #> '{poll,options}') WITH ORDINALITY AS given (option, place)
            )
        )
    ) END;
