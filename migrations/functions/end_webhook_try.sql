-- Notes what a try of a post came to. One that fails for a day disables its webhook, and one that is answered 410 does at
-- once: `disabled` then is what its keeper is told.
CREATE OR REPLACE FUNCTION end_webhook_try(
    hook bigint, event text, is_taken boolean, answered integer, is_last boolean, patience interval,
    OUT keeper bigint, OUT place bigint, OUT disabled text
)
    LANGUAGE plpgsql AS $$
DECLARE
    was webhooks;
    reason text;
BEGIN
    UPDATE webhook_deliveries d SET tries = d.tries + 1, status = answered, tried_at = now(),
        state = CASE WHEN is_taken THEN 'delivered' WHEN is_last THEN 'failed' ELSE d.state END
    WHERE d.webhook_id = hook AND d.event_id = event AND d.state <> 'delivered';
    SELECT w.* INTO was FROM webhooks w WHERE w.id = hook FOR UPDATE;
    IF NOT FOUND OR (is_taken AND was.failing_since IS NULL) THEN
        RETURN;
    END IF;
    reason := CASE
        WHEN is_taken OR was.disabled_at IS NOT NULL THEN NULL
        WHEN answered = 410 THEN 'gone'
        WHEN was.failing_since <= now() - patience THEN 'failing'
    END;
    UPDATE webhooks w SET failing_since = CASE WHEN NOT is_taken THEN coalesce(w.failing_since, now()) END,
        disabled_at = CASE WHEN reason IS NULL THEN w.disabled_at ELSE now() END,
        disabled_for = coalesce(reason, w.disabled_for)
    WHERE w.id = hook;
    IF reason IS NOT NULL THEN
        keeper := was.keeper_id;
        place := was.chat_id;
        disabled := jsonb_build_object('webhookId', hook, 'name', was.name, 'reason', reason)::text;
    END IF;
END
$$;
