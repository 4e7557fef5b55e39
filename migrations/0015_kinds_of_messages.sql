-- What a location or a contact is, beside the text of its message.

-- {"location": {"latitude", "longitude", "name"}} or {"contact": {"userId", "name", "phone"}}, as the wire has it; NULL of
-- all other messages.
ALTER TABLE messages ADD COLUMN details jsonb;

-- A first text, for the trigger. Today's is in functions/.
CREATE FUNCTION drop_details() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';

-- Also for the version before, which deletes messages and knows of no details.
CREATE TRIGGER messages_details_dropped BEFORE UPDATE OF deleted_at ON messages
    FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL AND NEW.details IS NOT NULL) EXECUTE FUNCTION drop_details();
