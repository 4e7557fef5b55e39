-- The webhooks that are told of an event in a chat, of those that `keepers` keep: of this group, and of the whole service.
-- Those of who is banned are told of nothing. A post that was made already is not made again. `only` names the one that is tried out, whatever its events are.
--
-- `idle` are those of the keepers who keep none for this chat.
CREATE OR REPLACE FUNCTION begin_webhook_posts(
    chat bigint, keepers bigint[], kind text, event text, only_hook bigint, most integer,
    OUT posts text, OUT idle bigint[]
)
    LANGUAGE plpgsql AS $$
BEGIN
    idle := array(
        SELECT k.id FROM unnest(keepers) k (id)
        WHERE only_hook IS NULL AND NOT EXISTS (
            SELECT FROM webhooks w WHERE w.keeper_id = k.id AND (w.chat_id = chat OR w.chat_id IS NULL)
        )
    );
    WITH told AS MATERIALIZED (
        SELECT w.* FROM webhooks w
        WHERE CASE WHEN only_hook IS NULL THEN w.keeper_id = ANY (keepers) AND kind = ANY (w.events)
                AND w.disabled_at IS NULL
                AND NOT EXISTS (
                    SELECT FROM sanctions s WHERE s.user_id = w.keeper_id AND s.kind = 'ban' AND s.until > now()
                        AND s.lifted_at IS NULL
                )
                AND (w.chat_id = chat OR (w.chat_id IS NULL AND EXISTS (
                    SELECT FROM chats c WHERE c.id = chat AND c.type = 'group'
                )))
            ELSE w.id = only_hook END
    ), begun AS (
        INSERT INTO webhook_deliveries AS d (webhook_id, event_id, type)
        SELECT told.id, event, kind FROM told
        ON CONFLICT (webhook_id, event_id) DO UPDATE SET tries = d.tries WHERE d.state = 'waiting' AND d.tries = 0
        RETURNING d.webhook_id
    ), removed AS (
        DELETE FROM webhook_deliveries d USING told
        WHERE d.webhook_id = told.id AND d.id < (
            SELECT o.id FROM webhook_deliveries o WHERE o.webhook_id = told.id ORDER BY o.id DESC OFFSET most - 1 LIMIT 1
        )
    )
    SELECT jsonb_agg(jsonb_build_object('webhookId', told.id, 'url', told.url, 'secret', told.secret))::text INTO posts
    FROM told JOIN begun ON begun.webhook_id = told.id;
END
$$;
