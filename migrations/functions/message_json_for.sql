-- The same as message_text_for(), for what is put together of more than messages.
CREATE OR REPLACE FUNCTION message_json_for(m messages, viewer members) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN message_text_for(m, viewer)::json;
