-- A webhook, without its secret.
CREATE OR REPLACE FUNCTION webhook_json(w webhooks) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'id', w.id, 'chatId', w.chat_id, 'keeperId', w.keeper_id, 'name', w.name, 'url', w.url, 'events', w.events,
        'enabled', w.disabled_at IS NULL, 'disabledFor', w.disabled_for, 'disabledAt', wire_time(w.disabled_at),
        'failingSince', wire_time(w.failing_since), 'createdAt', wire_time(w.created_at)
    );
