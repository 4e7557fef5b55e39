-- What a system message says to clients that do not word it themselves. People are named by their usernames, which
-- cannot be mistaken for words of the sentence; `title` is the group's name as it may be put into a page.
CREATE OR REPLACE FUNCTION system_text(actor bigint, told jsonb, title text) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (
        SELECT coalesce((SELECT u.username FROM users u WHERE u.id = actor), 'Somebody') || CASE told ->> 'action'
            WHEN 'made' THEN ' made the group' || coalesce(' ' || title, '') || coalesce(' with ' || people, '')
            WHEN 'renamed' THEN ' renamed the group' || coalesce(' to ' || title, '')
            WHEN 'changed' THEN ' changed the group''s ' || (
                SELECT string_agg(CASE field WHEN 'avatarUrl' THEN 'picture' ELSE field END, ' and ' ORDER BY field DESC)
                FROM jsonb_array_elements_text(told -> 'changes') field
            )
            WHEN 'joined' THEN ' joined the group'
            WHEN 'added' THEN ' added ' || people
            WHEN 'left' THEN ' left the group'
            WHEN 'removed' THEN ' removed ' || people
            WHEN 'role' THEN ' made ' || people || CASE told ->> 'role'
                WHEN 'owner' THEN ' an owner' WHEN 'admin' THEN ' an admin' ELSE ' a member'
            END
            WHEN 'pinned' THEN ' pinned a message'
        END
        FROM (
            SELECT string_agg(u.username, ', ' ORDER BY u.id) || CASE
                WHEN (told ->> 'userCount')::integer > 3 THEN ' and ' || (told ->> 'userCount')::integer - 3 || ' more'
                ELSE ''
            END AS people
            FROM (
                SELECT id::bigint FROM jsonb_array_elements_text(told -> 'userIds') WITH ORDINALITY AS given (id, place)
                ORDER BY place LIMIT 3
            ) named JOIN users u USING (id)
        ) whom
    );
