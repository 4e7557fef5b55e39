-- What a user changed about themselves and about whom they know, for their other devices; and what others changed about
-- themselves, for those who know them. Both are found by sync.

-- One row for each thing, the latest change: what it is now, its own table says. What is no longer there was removed.
CREATE TABLE personal_changes (
    user_id bigint NOT NULL,
    -- 'user': a profile, one's own or a contact's; 'contact', 'block', 'privacy' and 'scheduled' are one's own.
    kind text NOT NULL,
    -- The user, or the scheduled message, that it is about; 0 for what there is one of.
    subject_id bigint NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT now(),
    changed xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (user_id, kind, subject_id)
);
CREATE INDEX personal_changes_changed ON personal_changes (user_id, changed);
CREATE INDEX personal_changes_noted ON personal_changes (noted_at);

-- When the profile of a member last changed: those who share a chat with them learn of it. And when the rest of the row
-- did; NULL: when the row did.
ALTER TABLE members ADD COLUMN profile_changed xid8, ADD COLUMN own_changed xid8;

-- First texts, for the triggers. Today's are in functions/.
CREATE FUNCTION note_personal_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION note_profile_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';

CREATE TRIGGER contacts_noted AFTER INSERT OR UPDATE OR DELETE ON contacts
    FOR EACH ROW EXECUTE FUNCTION note_personal_change('contact', 'owner_id', 'user_id');
CREATE TRIGGER blocks_noted AFTER INSERT OR DELETE ON blocks
    FOR EACH ROW EXECUTE FUNCTION note_personal_change('block', 'blocker_id', 'blocked_id');
CREATE TRIGGER scheduled_messages_noted AFTER INSERT OR UPDATE OR DELETE ON scheduled_messages
    FOR EACH ROW EXECUTE FUNCTION note_personal_change('scheduled', 'user_id', 'id');
CREATE TRIGGER users_privacy_noted AFTER UPDATE OF shows_last_seen, read_receipts ON users
    FOR EACH ROW WHEN ((OLD.shows_last_seen, OLD.read_receipts) <> (NEW.shows_last_seen, NEW.read_receipts))
    EXECUTE FUNCTION note_personal_change('privacy', 'id', '');
CREATE TRIGGER users_profile_noted
    AFTER UPDATE OF username, display_name, first_name, last_name, avatar_url, status_text, email ON users
    FOR EACH ROW WHEN (
        (OLD.username, OLD.display_name, OLD.first_name, OLD.last_name, OLD.avatar_url, OLD.status_text, OLD.email)
        IS DISTINCT FROM
        (NEW.username, NEW.display_name, NEW.first_name, NEW.last_name, NEW.avatar_url, NEW.status_text, NEW.email)
    ) EXECUTE FUNCTION note_profile_change();
