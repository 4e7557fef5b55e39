-- What version 0.2.0 asks for a page.
CREATE OR REPLACE FUNCTION history_before(viewer bigint, chat bigint, before bigint, skip bigint, most integer)
    RETURNS text
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT p.messages FROM page_before(viewer, chat, before, skip, most) p);
END
$$;
