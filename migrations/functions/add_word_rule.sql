-- Makes a rule on a phrase, for a group or (where `place` is NULL) for all chats; of the same words there is one, which
-- gets the new action. verdict: 'allowed', 'changed', or why it refuses.
CREATE OR REPLACE FUNCTION add_word_rule(
    place bigint, actor bigint, words text, wanted text, most integer, address text, request_id text,
    OUT verdict text, OUT rule text
)
    LANGUAGE plpgsql AS $$
DECLARE
    made word_rules;
    sought text := needle_of(words);
    is_new boolean;
BEGIN
    is_new := NOT EXISTS (SELECT FROM word_rules r WHERE r.scope = coalesce(place, 0) AND r.needle = sought);
    verdict := CASE
        WHEN filter_refusal(place, actor) IS NOT NULL THEN filter_refusal(place, actor)
        WHEN sought IS NULL THEN 'wordless'
        WHEN is_new AND most <= (SELECT count(*) FROM word_rules r WHERE r.scope = coalesce(place, 0))
            THEN 'too_many_rules'
        WHEN is_new THEN 'allowed'
        ELSE 'changed'
    END;
    IF verdict NOT IN ('allowed', 'changed') THEN
        RETURN;
    END IF;
    INSERT INTO word_rules AS r (chat_id, phrase, needle, action, created_by)
    VALUES (place, words, sought, wanted, actor)
    ON CONFLICT (scope, needle) DO UPDATE SET phrase = excluded.phrase, action = excluded.action
    RETURNING * INTO made;
    INSERT INTO audit (action, actor_id, subject_kind, subject_id, details, address, request_id)
    VALUES (
        'word_rule_set', actor, 'rule', made.id,
        jsonb_build_object('phrase', made.phrase, 'action', made.action, 'chatId', place),
        add_word_rule.address, add_word_rule.request_id
    );
    rule := word_rule_json(made);
END
$$;
