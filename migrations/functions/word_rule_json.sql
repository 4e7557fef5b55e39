-- A rule on words.
CREATE OR REPLACE FUNCTION word_rule_json(r word_rules) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'id', r.id, 'chatId', r.chat_id, 'phrase', r.phrase, 'action', r.action, 'createdBy', r.created_by,
        'createdAt', wire_time(r.created_at)
    );
