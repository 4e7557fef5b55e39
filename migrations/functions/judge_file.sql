-- Takes a scanner's verdict on the file that is stored under this key. judged is what has become of it, NULL where there
-- is no such file; content_type is its type. A file that is shared already can still be quarantined: told are the
-- messages that hold it, as {"message", "memberIds"}.
CREATE OR REPLACE FUNCTION judge_file(
    stored_key text, is_clean boolean, OUT judged text, OUT content_type text, OUT told text
)
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    upload record;
BEGIN
    told := '[]';
    SELECT u.id, u.state, u.content_type INTO upload FROM uploads u WHERE u.key = stored_key FOR NO KEY UPDATE;
    judged := upload.state;
    content_type := upload.content_type;
    IF upload.state = 'scanning' AND is_clean THEN
        judged := 'ready';
        UPDATE uploads u SET state = judged WHERE u.id = upload.id;
    ELSIF upload.state IN ('pending', 'scanning', 'ready') AND NOT is_clean THEN
        judged := 'quarantined';
        UPDATE uploads u SET state = judged, multipart_id = NULL, expires_at = 'infinity' WHERE u.id = upload.id;
        told := tell_holders(upload.id);
    END IF;
END
$$;
