-- What version 0.2.0 calls to send a message.
CREATE OR REPLACE FUNCTION send_message(
    sender bigint, session bigint, chat bigint, client_id text, kind text, body text, reply bigint, files bigint[],
    mentioned bigint[], subject text, burst integer, unattended boolean,
    OUT verdict text, OUT allowed boolean, OUT remaining integer, OUT retry_after integer, OUT message text,
    OUT id bigint, OUT seq bigint, OUT created_at text, OUT expires_at text, OUT attachments text,
    OUT recipients bigint[], OUT leaves_unread boolean
)
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    sent record;
    waits text;
BEGIN
    sent := store_message(
        sender, session, chat, client_id, kind, body, reply, files, mentioned, subject, burst, unattended, NULL,
        NULL
    );
    -- That version has no mutes, no rules on words and no requests.
    verdict := CASE
        WHEN sent.verdict IN ('muted', 'words_refused', 'held', 'request_declined') THEN 'forbidden'
        ELSE sent.verdict
    END;
    allowed := sent.allowed;
    remaining := sent.remaining;
    retry_after := sent.retry_after;
    message := sent.message;
    id := sent.id;
    seq := sent.seq;
    created_at := sent.created_at;
    expires_at := sent.expires_at;
    attachments := sent.attachments;
    recipients := sent.recipients;
    leaves_unread := sent.leaves_unread;
EXCEPTION WHEN SQLSTATE 'MS430' THEN
    GET STACKED DIAGNOSTICS waits = PG_EXCEPTION_DETAIL;
    verdict := 'allowed';
    allowed := false;
    remaining := 0;
    retry_after := waits;
END
$$;
