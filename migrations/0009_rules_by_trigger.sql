-- Rules of rows that a send changes are checked when one of their columns is written.
--
-- PostgreSQL reads each CHECK constraint of a table anew from its text in every statement that changes a row, whatever
-- columns that sets. For the nine constraints of these three tables that was a seventh of what a send costs it.

-- A first text, for the triggers. Today's is in functions/.
CREATE FUNCTION refuse_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';

-- As with a constraint, a condition that is NULL holds.
CREATE TRIGGER chats_rules
    BEFORE INSERT OR UPDATE OF type, is_public, who_can_send, who_can_add, message_seconds, low_user_id, high_user_id
    ON chats FOR EACH ROW WHEN (NOT (
        NEW.type IN ('private', 'group')
        AND NEW.who_can_send IN ('members', 'admins')
        AND NEW.who_can_add IN ('members', 'admins')
        AND NEW.message_seconds > 0
        AND NEW.low_user_id < NEW.high_user_id
        AND (NOT NEW.is_public OR NEW.type = 'group')
    )) EXECUTE FUNCTION refuse_row();
ALTER TABLE chats
    DROP CONSTRAINT chats_type_check,
    DROP CONSTRAINT chats_who_can_send_check,
    DROP CONSTRAINT chats_who_can_add_check,
    DROP CONSTRAINT chats_message_seconds_check,
    DROP CONSTRAINT chats_check,
    DROP CONSTRAINT chats_check1;

-- That nobody has read more than was delivered to them is checked by note_member_change(), which runs with every change
-- of a member.
CREATE TRIGGER members_rules BEFORE INSERT OR UPDATE OF role ON members
    FOR EACH ROW WHEN (NOT (NEW.role IN ('owner', 'admin', 'member') AND NEW.read_seq <= NEW.delivered_seq))
    EXECUTE FUNCTION refuse_row();
ALTER TABLE members DROP CONSTRAINT members_role_check, DROP CONSTRAINT members_check;

-- A deleted message keeps its place and nothing else, whatever was under way when it was deleted. Messages are stored
-- before they are deleted, so a new one is not asked.
CREATE TRIGGER messages_deleted_are_empty BEFORE UPDATE ON messages
    FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL AND NOT (
        NEW.content = '' AND NEW.attachments = '[]' AND NEW.reactions = '{}' AND NEW.mentions = '{}'
        AND NEW.forwarded_from IS NULL AND NEW.edited_at IS NULL AND NEW.pinned_at IS NULL AND NEW.expires_at IS NULL
    )) EXECUTE FUNCTION refuse_row();
ALTER TABLE messages DROP CONSTRAINT messages_deleted_are_empty;
