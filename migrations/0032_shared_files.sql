-- What was shared in a chat is listed by kind.

-- image, audio, video or file.
ALTER TABLE attachments ADD COLUMN kind text;

-- A first text, for the trigger. Today's is in functions/.
CREATE FUNCTION note_file_kind() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';

-- By trigger, since the version before attaches files too, and knows of no kind.
CREATE TRIGGER attachments_kind BEFORE INSERT ON attachments
    FOR EACH ROW WHEN (NEW.kind IS NULL) EXECUTE FUNCTION note_file_kind();

UPDATE attachments a SET kind = coalesce(substring(u.content_type FROM '^(image|audio|video)/'), 'file')
FROM uploads u WHERE u.id = a.upload_id;

CREATE INDEX attachments_shared ON attachments (chat_id, kind, seq, upload_id);
