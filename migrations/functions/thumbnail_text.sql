-- A thumbnail of a picture as the wire has it, with a link that opens it without a header.
CREATE OR REPLACE FUNCTION thumbnail_text(u uploads, size text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN concat(
        '"', size, '":{"url":', to_json(concat(
            u.link_base, u.id, '.', size, '.', links_until(), '.', thumbnail_mark(u, size, links_until())
        )),
        ',"width":', u.media #> ARRAY['thumbnails', size, 'width'],
        ',"height":', u.media #> ARRAY['thumbnails', size, 'height'], '}'
    );
