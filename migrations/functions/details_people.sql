-- Whom a message's details name: the user of a contact.
CREATE OR REPLACE FUNCTION details_people(details jsonb) RETURNS bigint[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN details IS NOT NULL THEN ARRAY[(details #>> '{contact,userId}')::bigint] END;
