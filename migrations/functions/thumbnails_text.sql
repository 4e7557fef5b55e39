-- The thumbnails of a picture or a video as the wire has them, `null` where there are none.
CREATE OR REPLACE FUNCTION thumbnails_text(u uploads) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN u.media -> 'thumbnails' IS NULL THEN 'null' ELSE concat(
        '{', thumbnail_text(u, 'small'), ',', thumbnail_text(u, 'medium'), ',', thumbnail_text(u, 'large'), '}'
    ) END;
