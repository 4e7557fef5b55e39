-- A file on a message as the wire has it: as it was when the message was sent, and what was found out about it since.
-- Of a file that is gone with its owner only the first is left.
CREATE OR REPLACE FUNCTION attachment_text(file jsonb, u uploads) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN concat(
        '{"id":', file -> 'id', ',"filename":', file -> 'filename', ',"contentType":', file -> 'contentType',
        ',"size":', coalesce(u.size, (file ->> 'size')::bigint),
        ',"state":"', CASE WHEN u.state = 'quarantined' THEN 'quarantined' ELSE 'ready' END,
        '","kind":"', file_kind(file ->> 'contentType'),
        '","caption":', coalesce((file -> 'caption')::text, 'null'),
        ',', played_text(file, u.media),
        ',"width":', coalesce(u.media ->> 'width', 'null'), ',"height":', coalesce(u.media ->> 'height', 'null'),
        ',"placeholder":', coalesce((u.media -> 'placeholder')::text, 'null'),
        ',"thumbnails":', thumbnails_text(u), '}'
    );
