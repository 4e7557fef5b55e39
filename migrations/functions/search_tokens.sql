-- A text's words as search keeps and looks for them: without case, accents and the dots of ё. U+E001 stands where a word
-- that was written in one piece has another part: `v1.2.3` is `v`, `1`, `.2`, `.3`, and `getUserName` is `get`, `user`,
-- `name`. What parts are put together by is a dot, or nothing where there was nothing (or an apostrophe). The signs of
-- `c++` and `c#` belong to the word; a symbol, for example an emoji, is a word of its own.
CREATE OR REPLACE FUNCTION search_tokens(content text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    symbol CONSTANT text := '[\u00A2-\u00A7\u00A9\u00AE\u00B0\u00B1\u203C\u2049\u20A0-\u20CF\u2122\u2139\u2190-\u2211'
        '\u2213-\u23FF\u24C2\u2500-\u2BFF\u3030\u303D\u3297\u3299\U0001F000-\U0001FBFF]';
    given text := content;
    symbols text[] := '{}';
BEGIN
    -- Most texts have Latin and Cyrillic letters alone, which are folded in a tenth of the time.
    IF given ~ '[^\u0001-\u007F\u00A0\u00AB\u00BB\u0401\u0410-\u044F\u0451\u2010-\u201F\u2026]' THEN
        given := translate(given, U&'\E000\E001\E002\E003\E004\FE0E\FE0F', '');
        -- A keycap, a flag, or symbols with their skin tones and tags, joined by U+200D.
        symbols := array(SELECT f.found[1] FROM regexp_matches(
            given, '[0-9#*]\u20E3|[\U0001F1E6-\U0001F1FF]{2}'
                '|' || symbol || '[\U0001F3FB-\U0001F3FF\U000E0020-\U000E007F]*'
                '(?:\u200D' || symbol || '[\U0001F3FB-\U0001F3FF]?)*', 'g'
        ) f (found));
        given := regexp_replace(given, '[0-9#*]\u20E3|' || symbol, ' ', 'g');
        given := folded(regexp_replace(given, '([[:lower:]])(?=[[:upper:]])', U&'\\1\E001', 'g'));
    ELSE
        given := regexp_replace(given, '([[:lower:]])(?=[[:upper:]])', U&'\\1\E001', 'g');
        given := translate(lower(given), 'ё', 'е');
    END IF;
    IF given ~ '[''’‘ʼ`]' THEN
        given := regexp_replace(given, '(?<=[[:alpha:]])[''’‘ʼ`]+(?=[[:alpha:]])', U&'\E001', 'g');
    END IF;
    IF given ~ '[0-9]' THEN
        given := regexp_replace(given, '(?<=[[:alpha:]])(?=[0-9])|(?<=[0-9])(?=[[:alpha:]])', U&'\E001', 'g');
    END IF;
    IF given ~ '[+#]' THEN
        given := regexp_replace(given, '(?<=[[:alnum:]])\+\+(?!\+)', U&'\E002\E002', 'g');
        given := regexp_replace(given, '(?<=[[:alnum:]])\+(?![[:alnum:]+])', U&'\E002', 'g');
        given := regexp_replace(given, '(?<=[[:alnum:]])#(?![[:alpha:]#])', U&'\E003', 'g');
        given := regexp_replace(given, '(?<=[\uE002\uE003])(?=[[:alnum:]])', U&'\E001', 'g');
        -- A Cyrillic с, as who writes Russian types it.
        given := regexp_replace(given, '(?<![[:alnum:]])с(?=[\uE002\uE003])', 'c', 'g');
    END IF;
    given := regexp_replace(
        given, '(?<=[[:alnum:]\uE002\uE003])[^[:alnum:][:space:]\uE001-\uE003]+(?=[[:alnum:]])', U&'\E001\E004', 'g'
    );
    given := regexp_replace(given, '[^[:alnum:]\uE001-\uE004]+', ' ', 'g');
    RETURN symbols || string_to_array(trim(translate(given, U&'\E002\E003\E004', '+#.')), ' ');
END
$$;
