-- Whether a rule keeps a text from being shown: the name or description of a chat, which nobody could look at before.
CREATE OR REPLACE FUNCTION words_refuse(chat bigint, said text) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN said <> '' AND EXISTS (SELECT FROM word_rules r WHERE r.scope IN (0, chat))
        AND coalesce((words_found(chat, said)).action IN ('refuse', 'hide'), false);
