-- The upload that is shown by the last part of an avatar's link, NULL where it is nobody's avatar any more.
CREATE OR REPLACE FUNCTION avatar_named(asked text) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(
        (SELECT u.avatar_id FROM users u WHERE right(u.avatar_link, 22) = asked AND u.avatar_id IS NOT NULL LIMIT 1),
        (SELECT c.avatar_id FROM chats c WHERE right(c.avatar_link, 22) = asked AND c.avatar_id IS NOT NULL LIMIT 1)
    );
