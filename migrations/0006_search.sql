-- Full text over messages. The Russian configuration stems Cyrillic words as Russian and Latin ones as English.

-- The words of a text, each behind its chat's id: `7:сообщен`. So each chat has entries of its own in the index, and a
-- word that is common elsewhere costs a search in this chat nothing.
CREATE FUNCTION words_of_chat(chat bigint, content text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_to_tsvector(array(
        SELECT chat || ':' || word.lexeme FROM unnest(to_tsvector('pg_catalog.russian', content)) word
    ));

-- What to look for in one chat: all the words, each also as a beginning. NULL where nothing but stop words is left.
CREATE FUNCTION query_of_chat(chat bigint, lexemes text[]) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (
        SELECT string_agg(
            format('''%s:%s'':*', chat, replace(replace(lexeme, '\', '\\'), '''', '''''')), ' & '
        )::tsquery
        FROM unnest(lexemes) lexeme
    );

-- The stems of what somebody typed.
CREATE FUNCTION lexemes_of(typed text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN tsvector_to_array(to_tsvector('pg_catalog.russian', typed));

ALTER TABLE messages ADD COLUMN searched tsvector NOT NULL
    GENERATED ALWAYS AS (words_of_chat(chat_id, content)) STORED;
-- Without a list of pending entries: each search in each chat would read it through.
CREATE INDEX messages_searched ON messages USING gin (searched) WITH (fastupdate = off);
