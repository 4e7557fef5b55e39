-- Search finds more than it did: without accents, by parts of words, by signs, symbols and phone numbers. The words of
-- messages that are there already are made anew in the background, by the sweep: until then they are found as before.

-- Which messages are still to be indexed anew, by id; no row where none is.
CREATE TABLE indexed_anew (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    after_id bigint NOT NULL,
    until_id bigint NOT NULL
);
INSERT INTO indexed_anew (after_id, until_id) SELECT 0, max(id) FROM messages HAVING max(id) IS NOT NULL;
