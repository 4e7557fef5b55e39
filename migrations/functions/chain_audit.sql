-- Puts up to `most` rows of the audit trail that wait for it into the chain, one run at a time. What commits late is
-- chained late: the chain has an order of its own. Answers how many it took, and where the chain ends then.
CREATE OR REPLACE FUNCTION chain_audit(most integer, OUT taken integer, OUT last_position bigint, OUT last_hash text)
    LANGUAGE plpgsql AS $$
DECLARE
    waiting record;
    link bytea;
BEGIN
    taken := 0;
    IF NOT pg_try_advisory_xact_lock(7301995) THEN
        RETURN;
    END IF;
    SELECT c.position, c.hash INTO last_position, link FROM audit_chain c ORDER BY c.position DESC LIMIT 1;
    last_position := coalesce(last_position, 0);
    link := coalesce(link, '');
    FOR waiting IN
        SELECT a AS row, a.id FROM audit_waiting w JOIN audit a ON a.id = w.audit_id ORDER BY w.audit_id LIMIT most
    LOOP
        taken := taken + 1;
        last_position := last_position + 1;
        link := link_hash(link, waiting.row);
        INSERT INTO audit_chain (position, audit_id, hash) VALUES (last_position, waiting.id, link);
        DELETE FROM audit_waiting w WHERE w.audit_id = waiting.id;
    END LOOP;
    last_hash := encode(link, 'hex');
END
$$;
