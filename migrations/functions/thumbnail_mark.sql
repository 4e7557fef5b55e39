-- What signs a link to a thumbnail until a time, in seconds since 1970; NULL where there is no such thumbnail.
CREATE OR REPLACE FUNCTION thumbnail_mark(u uploads, size text, until bigint) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN left(encode(sha256(convert_to(
        concat_ws(':', u.link_secret, u.id, size, until, u.link_secret), 'UTF8'
    )), 'hex'), 40);
