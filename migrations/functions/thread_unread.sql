-- How many replies of a thread above a mark are there for a member to be read: others' and not hidden. 100 stands for
-- that many and more, so that no more are looked at.
CREATE OR REPLACE FUNCTION thread_unread(head messages, viewer members, mark bigint) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (
        SELECT count(*) FROM (
            SELECT FROM thread_replies t, LATERAL (
                SELECT m.message FROM shown_messages(viewer.user_id) m WHERE m.chat_id = t.chat_id AND m.seq = t.seq OFFSET 0
            ) reply
            WHERE t.chat_id = head.chat_id AND t.root_seq = head.seq AND t.seq > mark
                AND (reply.message).sender_id IS DISTINCT FROM viewer.user_id
            LIMIT 100
        ) unread
    );
