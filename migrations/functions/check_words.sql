-- Rules for texts that reach a chat without a send: a copy of a message, and another text of one. They are refused also
-- where a send would be held.
CREATE OR REPLACE FUNCTION check_words() RETURNS trigger
    LANGUAGE plpgsql AS $$
DECLARE
    said text;
    rule word_rules;
BEGIN
    IF EXISTS (SELECT FROM word_rules r WHERE r.scope IN (0, NEW.chat_id)) THEN
        said := message_words(NEW.content, NEW.details, NEW.attachments);
        rule := words_found(NEW.chat_id, said);
        IF rule.action IN ('refuse', 'hide') THEN
            RAISE EXCEPTION 'a rule refuses these words' USING ERRCODE = 'MS424';
        ELSIF rule.action = 'report' THEN
            PERFORM report_words(rule, NEW.id, NEW.sender_id, NEW.chat_id, said);
        END IF;
    END IF;
    IF TG_OP = 'INSERT' THEN
        PERFORM keep_pace(c.id, me.user_id, c.slow_seconds) FROM chats c JOIN members me ON me.chat_id = c.id
        WHERE c.id = NEW.chat_id AND me.user_id = NEW.sender_id AND me.role = 'member' AND c.slow_seconds IS NOT NULL;
    END IF;
    RETURN NEW;
END
$$;
