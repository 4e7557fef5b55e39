-- What a reply shows of the message with this id: the text of its JSON, NULL where there is none.
CREATE OR REPLACE FUNCTION quote_of(answered bigint) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (SELECT quote_text(q) FROM messages q WHERE q.id = answered);
END
$$;
