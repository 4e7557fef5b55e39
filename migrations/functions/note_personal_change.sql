-- Notes for sync that something of a user's own has changed. The trigger's arguments are its kind, the column that names
-- the user, and the one that names the thing, if there are several.
CREATE OR REPLACE FUNCTION note_personal_change() RETURNS trigger
    LANGUAGE plpgsql AS $$
DECLARE
    changed jsonb := to_jsonb(CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END);
BEGIN
    PERFORM note_personal((changed ->> TG_ARGV[1])::bigint, TG_ARGV[0], coalesce((changed ->> TG_ARGV[2])::bigint, 0));
    RETURN NULL;
END
$$;
