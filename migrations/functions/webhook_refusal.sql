-- Why an actor may not look after a webhook; NULL where they may: owners and admins of its group, and admins of the
-- service where it has none. Others do not learn of it.
CREATE OR REPLACE FUNCTION webhook_refusal(hook bigint, actor bigint) RETURNS text
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    place bigint;
BEGIN
    SELECT w.chat_id INTO place FROM webhooks w WHERE w.id = hook;
    IF NOT FOUND THEN
        RETURN 'not_found';
    ELSIF place IS NOT NULL THEN
        RETURN filter_refusal(place, actor);
    ELSIF NOT EXISTS (SELECT FROM users u WHERE u.id = actor AND u.role = 'admin') THEN
        RETURN 'not_found';
    END IF;
    RETURN NULL;
END
$$;
