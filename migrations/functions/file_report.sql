-- Reports a message, a user or a chat that the reporter may see, once. verdict: 'allowed', 'repeated', or why it
-- refuses; report is the one that there is then.
CREATE OR REPLACE FUNCTION file_report(
    reporter bigint, kind text, subject bigint, why text, told text, burst integer,
    OUT verdict text, OUT allowed boolean, OUT remaining integer, OUT retry_after integer, OUT report text
)
    LANGUAGE plpgsql AS $$
DECLARE
    accused bigint;
    place bigint;
    said text;
BEGIN
    allowed := true;
    retry_after := 0;
    IF kind = 'message' THEN
        SELECT (a.message).sender_id, (a.message).chat_id, (a.message).content INTO accused, place, said
        FROM access_message(subject, reporter) a WHERE (a.message).message_type <> 'system';
    ELSIF kind = 'user' THEN
        SELECT u.id INTO accused FROM users u WHERE u.id = subject AND u.erased_at IS NULL;
    ELSE
        SELECT c.id INTO place FROM chats c WHERE c.id = subject AND (
            c.is_public OR EXISTS (SELECT FROM members m WHERE m.chat_id = c.id AND m.user_id = reporter)
        );
    END IF;
    verdict := CASE
        WHEN accused IS NULL AND place IS NULL THEN 'not_found'
        WHEN accused = reporter THEN 'not_yourself'
    END;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    SELECT f.* INTO verdict, allowed, remaining, retry_after, report
    FROM add_report(reporter, kind, subject, accused, place, said, why, told, burst) f;
END
$$;
