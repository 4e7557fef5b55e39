-- Up to where a member has read a thread: by itself, or with the chat.
CREATE OR REPLACE FUNCTION thread_mark(head messages, viewer members) RETURNS bigint
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN greatest(viewer.read_seq, (
        SELECT k.read_seq FROM thread_marks k WHERE k.user_id = viewer.user_id AND k.root_id = head.id
    ));
END
$$;
