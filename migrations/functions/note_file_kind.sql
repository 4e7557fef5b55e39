-- Says of which kind a file is that is attached.
CREATE OR REPLACE FUNCTION note_file_kind() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    NEW.kind := (SELECT file_kind(u.content_type) FROM uploads u WHERE u.id = NEW.upload_id);
    RETURN NEW;
END
$$;
