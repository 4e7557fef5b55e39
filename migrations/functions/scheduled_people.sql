-- Whom a message that waits names.
CREATE OR REPLACE FUNCTION scheduled_people(s scheduled_messages) RETURNS bigint[]
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN array(SELECT mentioned::bigint FROM jsonb_array_elements_text(s.message -> 'mentions') mentioned)
        || (s.message #>> '{contact,userId}')::bigint;
