-- Who wrote the message with this id.
CREATE OR REPLACE FUNCTION quoted_person(answered bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (SELECT q.sender_id FROM messages q WHERE q.id = answered);
END
$$;
