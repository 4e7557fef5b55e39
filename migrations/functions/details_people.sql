-- Whom a message's details name: the user of a contact, and the first who voted for each option, as many as are shown of
-- a chat's members.
CREATE OR REPLACE FUNCTION details_people(details jsonb) RETURNS bigint[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN details IS NOT NULL THEN ARRAY[(details #>> '{contact,userId}')::bigint] || array(
        SELECT voter.user_id::bigint FROM jsonb_array_elements(details #> '{poll,options}') option,
            LATERAL jsonb_array_elements_text(option -> 'voters') WITH ORDINALITY AS voter (user_id, place)
        WHERE voter.place <= 20
    ) END;
