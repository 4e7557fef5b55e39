-- What a reply shows of the message that it answers: the text of its JSON, NULL of none. Of what was deleted or has
-- expired nothing is left but its author and kind.
CREATE OR REPLACE FUNCTION quote_text(q messages) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN q.id IS NOT NULL THEN concat(
        '{"messageId":', q.id, ',"seq":', q.seq, ',"senderId":', coalesce(q.sender_id::text, 'null'),
        ',"messageType":', to_json(q.message_type),
        ',"content":', to_json(CASE WHEN q.expires_at <= now() THEN '' ELSE left(q.content, 200) END),
        ',"isDeleted":', CASE WHEN q.deleted_at IS NULL AND (q.expires_at <= now()) IS NOT TRUE
            THEN 'false' ELSE 'true' END, '}'
    ) END;
