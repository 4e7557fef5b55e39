-- What a sender said of a file, by what they said of all by their ids. Only sound and video have a length.
CREATE OR REPLACE FUNCTION said_of_file(described jsonb, upload bigint, content_type text) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN file_kind(content_type) IN ('audio', 'video')
        THEN coalesce(described -> upload::text, '{}')
        ELSE coalesce(described -> upload::text, '{}') - 'duration' - 'waveform' END;
