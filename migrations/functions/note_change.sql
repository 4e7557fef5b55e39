-- What a client may have missed is found by the transaction that changed it: every row that clients keep a copy of has
-- `changed`, and a client's cursor is a snapshot, which knows exactly which transactions it has seen.
CREATE OR REPLACE FUNCTION note_change() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed := pg_current_xact_id();
    RETURN NEW;
END
$$;
