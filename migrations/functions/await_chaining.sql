-- Has the sweep put a new row of the audit trail into the chain.
CREATE OR REPLACE FUNCTION await_chaining() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_waiting (audit_id) VALUES (NEW.id);
    RETURN NULL;
END
$$;
