-- The words of a text, each behind its chat's id: `7:сообщения`. So each chat has entries of its own in the index, and a
-- word that is common elsewhere costs a search in this chat nothing.
CREATE OR REPLACE FUNCTION words_of_chat(chat bigint, content text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_to_tsvector(array(SELECT chat || ':' || word FROM unnest(search_words(content)) word));
