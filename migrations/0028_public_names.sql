-- Public groups are found without regard to accents and ё, as people are.
--
-- This replaces the index chats_public_name, which the version before uses: a later migration drops that one.

-- What is looked for in the names of public groups: folded once, not at each search, and behind a space, where a first
-- word begins.
CREATE TABLE public_names (
    chat_id bigint PRIMARY KEY REFERENCES chats ON DELETE CASCADE,
    name text NOT NULL
);

-- A first text, for the triggers. Today's is in functions/.
CREATE FUNCTION note_public_name() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';

CREATE TRIGGER chats_public_name_made AFTER INSERT ON chats
    FOR EACH ROW WHEN (NEW.is_public) EXECUTE FUNCTION note_public_name();
CREATE TRIGGER chats_public_name_changed AFTER UPDATE OF name, is_public ON chats
    FOR EACH ROW WHEN ((OLD.name, OLD.is_public) IS DISTINCT FROM (NEW.name, NEW.is_public))
    EXECUTE FUNCTION note_public_name();

INSERT INTO public_names (chat_id, name) SELECT id, ' ' || folded(coalesce(name, '')) FROM chats WHERE is_public;
CREATE INDEX public_names_name ON public_names USING gin (name gin_trgm_ops);
