-- Message requests: who may begin a private chat with a user, and chats that wait for the user to accept them.

-- Who may write first; `contacts` are the user's own. By `requests` all others may ask.
ALTER TABLE users ADD COLUMN messages_from text NOT NULL DEFAULT 'everyone'
    CHECK (messages_from IN ('everyone', 'requests', 'contacts', 'nobody'));
CREATE TRIGGER users_messages_noted AFTER UPDATE OF messages_from ON users
    FOR EACH ROW WHEN (OLD.messages_from <> NEW.messages_from)
    EXECUTE FUNCTION note_personal_change('privacy', 'id', '');

-- Whom a private chat waits for: they have neither accepted it nor answered. They are a plain number, since this is
-- asked for with each send; and whether they have declined it.
ALTER TABLE chats ADD COLUMN request_of bigint, ADD COLUMN request_declined boolean NOT NULL DEFAULT false;
