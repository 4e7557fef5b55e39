-- Refuses a row as a CHECK constraint of the trigger's name would: its WHEN says what is not allowed.
CREATE OR REPLACE FUNCTION refuse_row() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING
        MESSAGE = format('new row for relation "%s" violates rule "%s"', TG_TABLE_NAME, TG_NAME),
        CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
END
$$;
