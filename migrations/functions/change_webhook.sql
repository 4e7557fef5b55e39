-- Changes what is given of a webhook, and its secret where there is another one; the actor keeps it from then on.
-- verdict: 'allowed', or why it refuses.
CREATE OR REPLACE FUNCTION change_webhook(
    hook bigint, actor bigint, given jsonb, key text, address text, request_id text,
    OUT verdict text, OUT webhook text
)
    LANGUAGE plpgsql AS $$
DECLARE
    changed webhooks;
BEGIN
    verdict := coalesce(webhook_refusal(hook, actor), 'allowed');
    IF verdict <> 'allowed' THEN
        RETURN;
    END IF;
    UPDATE webhooks w SET keeper_id = actor,
        name = coalesce(given ->> 'name', w.name),
        url = coalesce(given ->> 'url', w.url),
        events = CASE WHEN given ? 'events' THEN array(SELECT e FROM jsonb_array_elements_text(given -> 'events') e)
            ELSE w.events END,
        secret = coalesce(key, w.secret),
        failing_since = CASE WHEN given ? 'enabled' OR given ? 'url' THEN NULL ELSE w.failing_since END,
        disabled_at = CASE (given ->> 'enabled')::boolean WHEN true THEN NULL WHEN false THEN coalesce(w.disabled_at, now())
            ELSE w.disabled_at END,
        disabled_for = CASE (given ->> 'enabled')::boolean WHEN true THEN NULL WHEN false THEN coalesce(w.disabled_for, 'asked')
            ELSE w.disabled_for END
    WHERE w.id = hook
    RETURNING * INTO changed;
    INSERT INTO audit (action, actor_id, subject_kind, subject_id, details, address, request_id)
    VALUES (
        CASE WHEN key IS NULL THEN 'webhook_changed' ELSE 'webhook_secret_changed' END, actor, 'webhook', hook,
        jsonb_build_object('url', changed.url, 'chatId', changed.chat_id),
        change_webhook.address, change_webhook.request_id
    );
    webhook := webhook_json(changed)::text;
END
$$;
