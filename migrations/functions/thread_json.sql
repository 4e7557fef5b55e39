-- Where a member stands in a thread.
CREATE OR REPLACE FUNCTION thread_json(head messages, viewer members) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (
        SELECT jsonb_build_object(
            'chatId', head.chat_id, 'messageId', head.id, 'readSeq', mark.seq,
            'unreadCount', thread_unread(head, viewer, mark.seq)
        ) FROM (SELECT thread_mark(head, viewer) AS seq OFFSET 0) mark
    );
