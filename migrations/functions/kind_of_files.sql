-- What a message with these files is: `asked` where it is to be taken as files of any kind, else what all of them are.
CREATE OR REPLACE FUNCTION kind_of_files(asked text, files jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN asked = 'file' THEN asked ELSE (
        SELECT CASE WHEN count(DISTINCT f.family) = 1 AND min(f.family) IN ('image', 'audio', 'video')
            THEN min(f.family) ELSE 'file' END
        FROM (
            SELECT split_part(file ->> 'contentType', '/', 1) AS family FROM jsonb_array_elements(files) file
        ) f
    ) END;
