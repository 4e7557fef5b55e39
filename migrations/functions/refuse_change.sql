-- Refuses whatever would change or remove rows of a table that is only added to.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE insufficient_privilege USING MESSAGE = format('rows of "%s" are only ever added', TG_TABLE_NAME);
END
$$;
