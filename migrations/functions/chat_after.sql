-- A chat as somebody sees it (what all see of it, where they are not a member) and who its members are, after what the
-- statement that asks has changed so far: a volatile function sees that, the statement itself does not. What is to come
-- first must be worked out for an argument. Nothing of no chat.
CREATE OR REPLACE FUNCTION chat_after(
    chat_id bigint, viewer_id bigint, most_participants integer, OUT chat text, OUT member_ids bigint[]
)
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    SELECT CASE WHEN me.user_id IS NULL
            THEN with_users(
                chat_summary_json(c, most_participants)::text, chat_people(c, NULL::messages, most_participants)
            )
            ELSE chat_answer(c, me, most_participants)
        END, array(SELECT m.user_id FROM members m WHERE m.chat_id = c.id)
    INTO chat, member_ids
    FROM chats c LEFT JOIN members me ON me.chat_id = c.id AND me.user_id = viewer_id
    WHERE c.id = chat_after.chat_id;
END
$$;
