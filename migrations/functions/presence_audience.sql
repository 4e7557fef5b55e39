-- Who hears of a user's presence: those who have the user as a contact or share a private chat, whom the user lets see
-- it by this `rule`, and with whom there is no block.
CREATE OR REPLACE FUNCTION presence_audience(of_user bigint, rule text) RETURNS bigint[]
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN array(
        SELECT knows.id FROM (
            SELECT owner_id AS id FROM contacts WHERE user_id = of_user
            UNION
            SELECT peer.user_id FROM members me
            JOIN chats ON chats.id = me.chat_id AND chats.type = 'private'
            JOIN members peer ON peer.chat_id = me.chat_id AND peer.user_id <> me.user_id
            WHERE me.user_id = of_user
        ) knows
        WHERE lets_see(rule, of_user, knows.id) AND NOT is_blocked(knows.id, of_user)
    );
