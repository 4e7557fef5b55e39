-- Up to where a member has read, as far as another one may see it: of two of whom one keeps it back, neither does.
CREATE OR REPLACE FUNCTION shown_read_seq(m members, viewer members) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN m.user_id = viewer.user_id OR (m.read_receipts AND viewer.read_receipts) THEN m.read_seq
        ELSE 0
    END;
