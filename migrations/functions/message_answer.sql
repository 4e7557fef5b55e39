-- A message as one member sees it, with the people whom it names.
CREATE OR REPLACE FUNCTION message_answer(m messages, viewer members) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN with_users(message_text_for(m, viewer), message_people(m));
