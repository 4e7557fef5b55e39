-- The files on a message as the wire has them. What was found out about a file is looked up when it is shown: so a
-- message that was sent before that was known, or that forwards such a one, tells it as well.
--
-- In PL/pgSQL, since its plan stays with PostgreSQL's session.
CREATE OR REPLACE FUNCTION attachments_text(files jsonb) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (
        SELECT concat('[', string_agg(attachment_text(given.file, u), ',' ORDER BY given.place), ']')
        FROM jsonb_array_elements(files) WITH ORDINALITY AS given (file, place)
        LEFT JOIN uploads u ON u.id = (given.file ->> 'id')::bigint
    );
END
$$;
