-- A chat says whether its member can write in it. A block changes that, so sync must tell the chat again.

-- A first text, for the trigger. Today's is in functions/.
CREATE FUNCTION note_block_in_chat() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';

CREATE TRIGGER blocks_in_chats AFTER INSERT OR DELETE ON blocks
    FOR EACH ROW EXECUTE FUNCTION note_block_in_chat();

-- A file may have no bytes. Earlier rows had some, so that they need not be looked at.
ALTER TABLE uploads DROP CONSTRAINT uploads_size_check;
ALTER TABLE uploads ADD CONSTRAINT uploads_size_check CHECK (size >= 0) NOT VALID;
