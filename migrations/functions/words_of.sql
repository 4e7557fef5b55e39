-- A text as rules on words see it: without case, accents, signs that show nothing, and with one letter for all that look
-- alike. It has the text three times: with its words apart, with the words that punctuation has cut (`b.a.d`) put
-- together, and with single letters (`b a d`) put together. Each word has a space before and behind it.
CREATE OR REPLACE FUNCTION words_of(given text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    said text := name_skeleton(folded(regexp_replace(
        given, '[\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u3164'
            '\uFE00-\uFE0F\uFEFF\uFFA0\U000E0000-\U000E0FFF]', '', 'g'
    )));
    apart text := concat(' ', btrim(regexp_replace(said, '[^[:alnum:]]+', ' ', 'g')), ' ');
BEGIN
    RETURN concat(
        apart, ' ', btrim(regexp_replace(regexp_replace(said, '[^[:alnum:][:space:]]+', '', 'g'), '\s+', ' ', 'g')), ' ',
        regexp_replace(apart, '(?<= \S) (?=\S )', '', 'g')
    );
END
$$;
