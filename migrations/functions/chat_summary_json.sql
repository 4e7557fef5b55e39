-- A chat as it is told to somebody who is not in it. Only the first participants are listed: a group may have thousands.
CREATE OR REPLACE FUNCTION chat_summary_json(c chats, most_participants integer) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (concat(
        '{', chat_fields(c), ',"participantCount":', (SELECT count(*) FROM members m WHERE m.chat_id = c.id),
        ',"participants":[', (
            SELECT string_agg(
                concat('{"userId":', p.user_id, ',"role":"', p.role, '","joinedAt":"', wire_time(p.joined_at), '"}'),
                ',' ORDER BY p.user_id
            )
            FROM (SELECT * FROM members m WHERE m.chat_id = c.id ORDER BY m.user_id LIMIT most_participants) p
        ), ']}'
    ))::jsonb;
