-- How many members a chat has, and the first of them as another one sees them: the text of fields of a JSON object. A
-- group may have thousands.
CREATE OR REPLACE FUNCTION members_fields(chat bigint, viewer members, most_participants integer) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN concat(
        '"participantCount":', (SELECT count(*) FROM members m WHERE m.chat_id = chat), ',"participants":[', (
            SELECT string_agg(concat(
                '{"userId":', p.user_id, ',"role":"', p.role, '","deliveredSeq":', p.delivered_seq,
                ',"readSeq":', p.shown_read_seq, ',"joinedAt":"', wire_time(p.joined_at), '"}'
            ), ',' ORDER BY p.user_id)
            FROM (
                SELECT m.*, shown_read_seq(m, viewer) FROM members m
                WHERE m.chat_id = chat ORDER BY m.user_id LIMIT most_participants
            ) p
        ), ']'
    );
END
$$;
