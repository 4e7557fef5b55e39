-- A chat as one member sees it, whose newest message there is for them was read before: the text of its JSON, put together
-- as message_text() is, and without a subquery for the same reason.
CREATE OR REPLACE FUNCTION chat_text(c chats, viewer members, newest messages, most_participants integer) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN concat(
        '{', chat_fields(c), ',', members_fields(c.id, viewer, most_participants),
        ',"lastMessage":', coalesce(message_text_for(newest, viewer), 'null'),
        ',"deliveredSeq":', viewer.delivered_seq, ',"readSeq":', viewer.read_seq,
        ',"unreadCount":', CASE WHEN c.last_seq > viewer.read_seq
            THEN unread_count(c.id, viewer.user_id, viewer.read_seq, c.last_seq) ELSE 0 END,
        ',', sending_fields(c, viewer), ',', personal_fields(c, viewer), '}'
    );
