-- A message that waits, with the people whom it names.
CREATE OR REPLACE FUNCTION scheduled_answer(s scheduled_messages) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN with_users(scheduled_json(s)::text, scheduled_people(s));
