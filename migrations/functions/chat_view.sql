-- A chat as one member sees it, whose newest message there is for them was read before.
CREATE OR REPLACE FUNCTION chat_view(c chats, viewer members, newest messages, most_participants integer) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN chat_summary_json(c, 0) || jsonb_build_object(
        'participants', (
            SELECT coalesce(json_agg(json_build_object(
                'userId', p.user_id, 'role', p.role, 'deliveredSeq', p.delivered_seq, 'readSeq', p.shown_read_seq,
                'joinedAt', wire_time(p.joined_at)
            ) ORDER BY p.user_id), '[]')
            FROM (
                SELECT m.*, shown_read_seq(m, viewer) FROM members m
                WHERE m.chat_id = c.id ORDER BY m.user_id LIMIT most_participants
            ) p
        ),
        'lastMessage', message_json_for(newest, viewer),
        'deliveredSeq', viewer.delivered_seq, 'readSeq', viewer.read_seq,
        'unreadCount', unread_count(c.id, viewer.user_id, viewer.read_seq, c.last_seq)
    ) || personal_json(c, viewer);
