-- The same as JSON, for what is put together of more than messages.
CREATE OR REPLACE FUNCTION message_json(m messages, delivered_seq bigint, read_seq bigint) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN message_text(m, delivered_seq, read_seq)::json;
