-- The verdict as version 0.2.0 knows it, which has neither mutes nor requests.
CREATE OR REPLACE FUNCTION write_refusal(c chats, me members) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN replace(replace(writing_refusal(c, me), 'muted', 'forbidden'), 'request_declined', 'forbidden');
