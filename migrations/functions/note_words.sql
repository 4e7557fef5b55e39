-- A message's words, as search looks for them. Where they are put off, the trigger does not run.
CREATE OR REPLACE FUNCTION note_words() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    NEW.searched := words_of_chat(NEW.chat_id, message_words(NEW.content, NEW.details, NEW.attachments));
    RETURN NEW;
END
$$;
