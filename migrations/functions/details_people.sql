-- Whom a message's details name: the user of a contact, the first who voted for each option, as many as are shown of a
-- chat's members, the participants of a call, and the first who have listened.
CREATE OR REPLACE FUNCTION details_people(details jsonb) RETURNS bigint[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE WHEN details IS NOT NULL THEN ARRAY[(details #>> '{contact,userId}')::bigint] || array(
        SELECT voter.user_id::bigint FROM jsonb_array_elements(details #> '{poll,options}') option,
            LATERAL jsonb_array_elements_text(option -> 'voters') WITH ORDINALITY AS voter (user_id, place)
        WHERE voter.place <= 20
    ) || array(
        SELECT (party ->> 'userId')::bigint FROM jsonb_array_elements(details #> '{call,participants}') party
    ) || array(
        SELECT listener.user_id::bigint
        FROM jsonb_array_elements_text(details -> 'listenedBy') WITH ORDINALITY AS listener (user_id, place)
        WHERE listener.place <= 20
    ) END;
END
$$;
