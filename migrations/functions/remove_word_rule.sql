-- Takes back a rule on words, of a group or of the whole service; what it held goes on waiting. verdict: 'allowed', or
-- why it refuses.
CREATE OR REPLACE FUNCTION remove_word_rule(
    rule_id bigint, place bigint, actor bigint, address text, request_id text, OUT verdict text
)
    LANGUAGE plpgsql AS $$
DECLARE
    removed word_rules;
BEGIN
    verdict := filter_refusal(place, actor);
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    DELETE FROM word_rules r WHERE r.id = rule_id AND r.scope = coalesce(place, 0) RETURNING * INTO removed;
    verdict := CASE WHEN FOUND THEN 'allowed' ELSE 'not_found' END;
    IF verdict = 'allowed' THEN
        INSERT INTO audit (action, actor_id, subject_kind, subject_id, details, address, request_id)
        VALUES (
            'word_rule_removed', actor, 'rule', rule_id,
            jsonb_build_object('phrase', removed.phrase, 'action', removed.action, 'chatId', place),
            remove_word_rule.address, remove_word_rule.request_id
        );
    END IF;
END
$$;
