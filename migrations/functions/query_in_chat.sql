-- What search_terms() answers, in one chat.
CREATE OR REPLACE FUNCTION query_in_chat(chat bigint, terms text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN replace(terms, '@', chat || ':')::tsquery;
