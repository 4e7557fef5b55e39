-- The text of a JSON object that is not empty, with the people whom it names.
CREATE OR REPLACE FUNCTION with_users(answer text, ids bigint[]) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN left(answer, -1) || ',"users":' || users_text(ids) || '}';
