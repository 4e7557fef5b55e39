-- A private chat with oneself keeps saved messages: both of its users are the same.
CREATE OR REPLACE TRIGGER chats_rules
    BEFORE INSERT OR UPDATE OF type, is_public, who_can_send, who_can_add, message_seconds, low_user_id, high_user_id
    ON chats FOR EACH ROW WHEN (NOT (
        NEW.type IN ('private', 'group')
        AND NEW.who_can_send IN ('members', 'admins')
        AND NEW.who_can_add IN ('members', 'admins')
        AND NEW.message_seconds > 0
        AND NEW.low_user_id <= NEW.high_user_id
        AND (NOT NEW.is_public OR NEW.type = 'group')
    )) EXECUTE FUNCTION refuse_row();
