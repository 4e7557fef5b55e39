-- What version 0.2.0 asks for a page in the other direction.
CREATE OR REPLACE FUNCTION history_after(viewer bigint, chat bigint, after bigint, most integer) RETURNS text
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT p.messages FROM page_after(viewer, chat, after, most) p);
END
$$;
