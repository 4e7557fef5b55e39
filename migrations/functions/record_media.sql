-- Keeps what was made of the picture that is stored under this key, as long as its content is the one that was checked
-- and looked at. Every message that holds it changes: told is {"message", "memberIds"} of each, as JSON. NULL where
-- the picture is gone or is another one.
--
-- Whoever sends the picture at this moment has locked it before: what is sent before this ends is among the messages,
-- and what is sent after it knows the media.
CREATE OR REPLACE FUNCTION record_media(
    stored_key text, checked_etag text, recorded jsonb, base text, secret text, clean_etag text, clean_size bigint,
    OUT told text
)
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    upload record;
BEGIN
    SELECT u.id, (u.media, u.etag) IS NOT DISTINCT FROM (recorded, coalesce(clean_etag, u.etag)) AS is_repeated
    INTO upload
    FROM uploads u
    WHERE u.key = stored_key AND u.state = 'ready' AND u.etag IN (checked_etag, clean_etag) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    told := '[]';
    IF upload.is_repeated THEN
        RETURN;
    END IF;
    UPDATE uploads u SET media = recorded, link_base = base || '/files/', link_secret = coalesce(u.link_secret, secret),
        etag = coalesce(clean_etag, u.etag), size = coalesce(clean_size, u.size)
    WHERE u.id = upload.id;
    told := tell_holders(upload.id);
END
$$;
