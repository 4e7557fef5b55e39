-- Whether a member may write in a chat, and why not: the text of fields of a JSON object.
CREATE OR REPLACE FUNCTION sending_fields(c chats, viewer members) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN '"canSend":' || coalesce(
        'false,"cannotSendReason":"' || send_refusal(c, viewer) || '"', 'true,"cannotSendReason":null'
    );
