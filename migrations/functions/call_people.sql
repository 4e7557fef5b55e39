-- Whom a call names.
CREATE OR REPLACE FUNCTION call_people(c calls) RETURNS bigint[]
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN c.caller_id || array(SELECT p.user_id FROM call_parties p WHERE p.call_id = c.id);
