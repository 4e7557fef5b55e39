-- A file as the wire has it, as it is now.
CREATE OR REPLACE FUNCTION upload_text(u uploads) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN attachment_text(jsonb_build_object(
        'id', u.id, 'filename', u.filename, 'contentType', u.content_type, 'size', u.size
    ), u);
