-- Follows the chain of the audit trail from its beginning: a line for each thing that was removed or changed, up to a
-- hundred, and last a line that says how far the chain goes. `known` is where it ended at an earlier time, as the log
-- tells it ('POSITION:HASH'), or NULL: without it, nobody can tell whether the end was cut off.
CREATE OR REPLACE FUNCTION verify_audit(known text) RETURNS TABLE (is_fault boolean, line text)
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    link record;
    previous bytea := '';
    last bigint := 0;
    faults integer := 0;
    fault text;
    is_known boolean := known IS NULL;
BEGIN
    is_fault := true;
    FOR link IN
        SELECT c.position, c.audit_id, c.hash, a.id, a AS row
        FROM audit_chain c LEFT JOIN audit a ON a.id = c.audit_id ORDER BY c.position
    LOOP
        fault := CASE
            WHEN link.position <> last + 1
                THEN format('links %s to %s of the chain are missing', last + 1, link.position - 1)
            WHEN link.id IS NULL THEN format('row %s was removed', link.audit_id)
            WHEN link_hash(previous, link.row) <> link.hash
                THEN format('row %s was changed, or its link %s was', link.id, link.position)
        END;
        IF fault IS NOT NULL THEN
            faults := faults + 1;
            line := fault;
            RETURN NEXT;
            EXIT WHEN faults >= 100;
        END IF;
        last := link.position;
        previous := link.hash;
        is_known := is_known OR format('%s:%s', last, encode(previous, 'hex')) = lower(known);
    END LOOP;
    IF NOT is_known AND faults < 100 THEN
        line := format('the chain never ended at %s', known);
        RETURN NEXT;
    END IF;
    RETURN QUERY
    SELECT true, format('row %s was removed before it was chained', w.audit_id)
    FROM audit_waiting w WHERE NOT EXISTS (SELECT FROM audit a WHERE a.id = w.audit_id) LIMIT 50;
    RETURN QUERY
    SELECT true, format('row %s is in no chain', a.id) FROM audit a
    WHERE NOT EXISTS (SELECT FROM audit_chain c WHERE c.audit_id = a.id)
        AND NOT EXISTS (SELECT FROM audit_waiting w WHERE w.audit_id = a.id)
    LIMIT 50;
    is_fault := false;
    line := format(
        'the chain ends at %s:%s; %s rows wait for it', last, encode(previous, 'hex'), (SELECT count(*) FROM audit_waiting)
    );
    RETURN NEXT;
END
$$;
