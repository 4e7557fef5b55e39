-- For version 0.2.0. What to look for in one chat: all the words, each also as a beginning. NULL where nothing but stop
-- words is left.
CREATE OR REPLACE FUNCTION query_of_chat(chat bigint, lexemes text[]) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (
        SELECT string_agg(
            format('''%s:%s'':*', chat, replace(replace(lexeme, '\', '\\'), '''', '''''')), ' & '
        )::tsquery
        FROM unnest(lexemes) lexeme
    );
