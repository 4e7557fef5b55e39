-- Makes a webhook of a group or (where `place` is NULL) of the whole service, kept by the actor. verdict: 'allowed', or
-- why it refuses.
CREATE OR REPLACE FUNCTION add_webhook(
    place bigint, actor bigint, given jsonb, key text, most integer, address text, request_id text,
    OUT verdict text, OUT webhook text
)
    LANGUAGE plpgsql AS $$
DECLARE
    made webhooks;
BEGIN
    verdict := filter_refusal(place, actor);
    IF verdict IS NULL AND most <= (SELECT count(*) FROM webhooks w WHERE w.chat_id IS NOT DISTINCT FROM place) THEN
        verdict := 'too_many_webhooks';
    END IF;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    verdict := 'allowed';
    INSERT INTO webhooks (chat_id, keeper_id, name, url, events, secret)
    VALUES (
        place, actor, given ->> 'name', given ->> 'url',
        array(SELECT e FROM jsonb_array_elements_text(given -> 'events') e), key
    )
    RETURNING * INTO made;
    INSERT INTO audit (action, actor_id, subject_kind, subject_id, details, address, request_id)
    VALUES (
        'webhook_added', actor, 'webhook', made.id, jsonb_build_object('url', made.url, 'chatId', place),
        add_webhook.address, add_webhook.request_id
    );
    webhook := webhook_json(made)::text;
END
$$;
