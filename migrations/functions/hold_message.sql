-- What becomes of a new message that breaks a rule: 'words_refused'; 'held', kept for somebody to look at; or NULL, where
-- the rule only reports, or somebody has approved this very message.
CREATE OR REPLACE FUNCTION hold_message(
    rule word_rules, sender bigint, chat bigint, client_id text, kind text, body text, reply bigint, files bigint[],
    mentioned bigint[], details jsonb, described jsonb
) RETURNS text
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    known text := (
        SELECT h.state FROM held_messages h WHERE h.user_id = sender AND h.client_message_id = client_id
    );
BEGIN
    IF known = 'approved' OR rule.action = 'report' THEN
        RETURN NULL;
    ELSIF known = 'deleted' OR rule.action = 'refuse' THEN
        RETURN 'words_refused';
    END IF;
    INSERT INTO held_messages AS h (
        chat_id, user_id, client_message_id, kind, content, reply_to, files, mentions, details, described, phrase,
        by_chat
    )
    VALUES (
        chat, sender, client_id, kind, body, reply, files, mentioned, details, described, rule.phrase,
        rule.chat_id IS NOT NULL
    )
    -- A scheduled message may have been changed since it was held.
    ON CONFLICT (user_id, client_message_id) DO UPDATE SET kind = excluded.kind, content = excluded.content,
        reply_to = excluded.reply_to, files = excluded.files, mentions = excluded.mentions,
        details = excluded.details, described = excluded.described, phrase = excluded.phrase,
        by_chat = excluded.by_chat
    WHERE h.state = 'waiting' AND h.chat_id = excluded.chat_id;
    RETURN 'held';
END
$$;
