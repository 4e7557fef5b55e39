-- What a file of a type is: image, audio, video, or just a file.
CREATE OR REPLACE FUNCTION file_kind(content_type text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN coalesce(substring(content_type FROM '^(image|audio|video)/'), 'file');
