-- Keeps the name by which a public group is found; none of a chat that is not public.
CREATE OR REPLACE FUNCTION note_public_name() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.is_public THEN
        INSERT INTO public_names (chat_id, name) VALUES (NEW.id, ' ' || folded(coalesce(NEW.name, '')))
        ON CONFLICT (chat_id) DO UPDATE SET name = excluded.name;
    ELSE
        DELETE FROM public_names p WHERE p.chat_id = NEW.id;
    END IF;
    RETURN NULL;
END
$$;
