-- Avatars are uploads. Until now they were any URL, whose host learned who looked: avatar_url is shown no more. It stays
-- while the version before runs, which writes to it; a later migration drops it.

-- The link is a part of this service, and cannot be guessed. It leads to the upload as long as that is there.
ALTER TABLE users
    ADD COLUMN avatar_id bigint CONSTRAINT users_avatar_id_fkey REFERENCES uploads ON DELETE SET NULL,
    ADD COLUMN avatar_link text;
ALTER TABLE chats
    ADD COLUMN avatar_id bigint CONSTRAINT chats_avatar_id_fkey REFERENCES uploads ON DELETE SET NULL,
    ADD COLUMN avatar_link text;
CREATE INDEX users_avatar ON users (avatar_id) WHERE avatar_id IS NOT NULL;
CREATE INDEX chats_avatar ON chats (avatar_id) WHERE avatar_id IS NOT NULL;
-- The last part of a link, which the service finds the upload by.
CREATE INDEX users_avatar_link ON users (right(avatar_link, 22)) WHERE avatar_id IS NOT NULL;
CREATE INDEX chats_avatar_link ON chats (right(avatar_link, 22)) WHERE avatar_id IS NOT NULL;

CREATE OR REPLACE TRIGGER users_profile_noted
    AFTER UPDATE OF username, display_name, first_name, last_name, avatar_id, status_text, email ON users
    FOR EACH ROW WHEN (
        (OLD.username, OLD.display_name, OLD.first_name, OLD.last_name, OLD.avatar_id, OLD.status_text, OLD.email)
        IS DISTINCT FROM
        (NEW.username, NEW.display_name, NEW.first_name, NEW.last_name, NEW.avatar_id, NEW.status_text, NEW.email)
    ) EXECUTE FUNCTION note_profile_change();
