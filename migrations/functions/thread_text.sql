-- What a message at the head of a thread tells of its replies: the text of its JSON, NULL where there are none.
CREATE OR REPLACE FUNCTION thread_text(m messages) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (
        SELECT concat(
            '{"replyCount":', t.reply_count, ',"lastReply":{"messageId":', r.id, ',"seq":', r.seq,
            ',"senderId":', coalesce(r.sender_id::text, 'null'), ',"createdAt":"', wire_time(r.created_at), '"}}'
        )
        FROM threads t JOIN messages r ON r.chat_id = t.chat_id AND r.seq = t.last_seq
        WHERE t.chat_id = m.chat_id AND t.root_seq = m.seq
    );
END
$$;
