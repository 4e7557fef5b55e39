-- To whom something was done that a system message tells.
CREATE OR REPLACE FUNCTION system_people(system jsonb) RETURNS bigint[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN array(SELECT named.id::bigint FROM jsonb_array_elements_text(system -> 'userIds') AS named (id));
END
$$;
