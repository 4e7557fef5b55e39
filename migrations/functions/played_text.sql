-- Length and waveform of a file as the wire has them. What its sender's client said of them stays, unless the length is
-- more than a second and a twentieth away from what was found in the file: then both are what was found.
CREATE OR REPLACE FUNCTION played_text(file jsonb, found jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN abs((file ->> 'duration')::float8 - (found ->> 'duration')::float8)
            > 1 + (found ->> 'duration')::float8 / 20
        THEN concat('"duration":', found -> 'duration', ',"waveform":', coalesce((found -> 'waveform')::text, 'null'))
        ELSE concat(
            '"duration":', coalesce(file ->> 'duration', found ->> 'duration', 'null'),
            ',"waveform":', coalesce((file -> 'waveform')::text, (found -> 'waveform')::text, 'null')
        ) END;
