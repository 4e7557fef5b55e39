-- Of what a member's devices are notified in a chat, beside what a mute says. Members have rules by trigger (0009).
ALTER TABLE members ADD COLUMN notify_of text NOT NULL DEFAULT 'all';
CREATE TRIGGER members_notices BEFORE INSERT OR UPDATE OF notify_of ON members
    FOR EACH ROW WHEN (NEW.notify_of NOT IN ('all', 'mentions', 'none')) EXECUTE FUNCTION refuse_row();
