-- The same as personal_fields(), for what has more fields.
CREATE OR REPLACE FUNCTION personal_json(c chats, viewer members) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN ('{' || personal_fields(c, viewer) || '}')::jsonb;
