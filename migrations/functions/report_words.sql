-- Reports a message to the moderators in the name of a rule, once for each text of it.
CREATE OR REPLACE FUNCTION report_words(rule word_rules, message_id bigint, sender bigint, chat bigint, said text)
    RETURNS void
    LANGUAGE sql VOLATILE AS $$
    INSERT INTO reports (reporter_id, subject_kind, subject_id, user_id, chat_id, content, reason, comment, phrase)
    VALUES (NULL, 'message', message_id, sender, chat, said, 'other', '', rule.phrase)
    ON CONFLICT (subject_id, md5(content)) WHERE reporter_id IS NULL DO NOTHING
$$;
