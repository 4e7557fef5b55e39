-- Removes a webhook with what became of its posts. verdict: 'allowed', or why it refuses.
CREATE OR REPLACE FUNCTION remove_webhook(
    hook bigint, actor bigint, address text, request_id text, OUT verdict text
)
    LANGUAGE plpgsql AS $$
DECLARE
    removed webhooks;
BEGIN
    verdict := coalesce(webhook_refusal(hook, actor), 'allowed');
    IF verdict <> 'allowed' THEN
        RETURN;
    END IF;
    DELETE FROM webhooks w WHERE w.id = hook RETURNING * INTO removed;
    INSERT INTO audit (action, actor_id, subject_kind, subject_id, details, address, request_id)
    VALUES (
        'webhook_removed', actor, 'webhook', hook,
        jsonb_build_object('url', removed.url, 'chatId', removed.chat_id),
        remove_webhook.address, remove_webhook.request_id
    );
END
$$;
