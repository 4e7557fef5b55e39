-- A message as the wire has it, for one to whom it counts as delivered and read up to these marks: the text of its JSON,
-- or NULL of no message. It is put together by hand: PostgreSQL's own builders look up the type of each value for each
-- message anew, and take several times as long for a page of history.
--
-- It has no subquery: PostgreSQL would no longer plan it as a part of the statement that asks, and start its executor for
-- each message. What needs one is a function of its own, called for the messages that have it.
CREATE OR REPLACE FUNCTION message_text(m messages, delivered_seq bigint, read_seq bigint) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN m.id IS NOT NULL THEN concat(
        '{"id":', m.id, ',"chatId":', m.chat_id, ',"seq":', m.seq,
        ',"senderId":', coalesce(m.sender_id::text, 'null'),
        ',"clientMessageId":', coalesce(to_json(m.client_message_id)::text, 'null'),
        ',"messageType":', to_json(m.message_type), ',"content":', to_json(m.content),
        ',"attachments":', CASE WHEN m.attachments = '[]' THEN '[]' ELSE attachments_text(m.attachments) END,
        ',"replyTo":', coalesce(m.reply_to::text, 'null'),
        ',"quote":', CASE WHEN m.reply_to IS NULL THEN 'null' ELSE coalesce(quote_of(m.reply_to), 'null') END,
        ',"system":', coalesce(m.system::text, 'null'),
        ',"forwardedFrom":', coalesce(m.forwarded_from::text, 'null'),
        ',"mentions":', array_to_json(m.mentions), ',"reactions":', m.reactions, details_text(m.details),
        ',"threadId":', CASE WHEN m.thread_id <> m.id THEN m.thread_id::text ELSE 'null' END,
        ',"thread":', CASE WHEN m.thread_id = m.id THEN coalesce(thread_text(m), 'null') ELSE 'null' END,
        ',"isEdited":', CASE WHEN m.edited_at IS NULL THEN 'false' ELSE 'true' END,
        ',"isDeleted":', CASE WHEN m.deleted_at IS NULL THEN 'false' ELSE 'true' END,
        ',"pinnedAt":', coalesce('"' || wire_time(m.pinned_at) || '"', 'null'),
        ',"expiresAt":', coalesce('"' || wire_time(m.expires_at) || '"', 'null'),
        ',"status":"',
        CASE WHEN m.seq <= read_seq THEN 'read' WHEN m.seq <= delivered_seq THEN 'delivered' ELSE 'sent' END,
        '","createdAt":"', wire_time(m.created_at), '","updatedAt":"', wire_time(m.updated_at), '"}'
    ) END;
