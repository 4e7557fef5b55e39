-- Stores the message that tells a change of a group: `what` the actor did, and where the group's name may be put into a
-- page, `title`. Answers the message, with the people whom it names. The caller has locked the chat by changing its row.
--
-- It is unread for nobody, does not expire, and search does not find it: its words are never added.
CREATE OR REPLACE FUNCTION store_system_message(chat bigint, actor bigint, what jsonb, title text) RETURNS text
    LANGUAGE plpgsql VOLATILE
    SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    -- Of a thousand people the first are enough.
    told jsonb := jsonb_build_object(
        'action', what -> 'action', 'name', what -> 'name', 'role', what -> 'role', 'messageId', what -> 'messageId',
        'changes', coalesce(what -> 'changes', '[]'),
        'userIds', to_jsonb(array(
            SELECT given.id::bigint FROM jsonb_array_elements_text(what -> 'userIds') AS given (id) ORDER BY 1 LIMIT 20
        )),
        'userCount', coalesce(jsonb_array_length(what -> 'userIds'), 0)
    );
    stored messages;
    place record;
BEGIN
    UPDATE chats c SET last_seq = c.last_seq + 1, last_message_at = clock_timestamp() WHERE c.id = chat
    RETURNING c.last_seq, c.last_message_at AS moment INTO place;
    INSERT INTO messages AS m (
        chat_id, seq, sender_id, message_type, content, system, created_at, updated_at, searched
    )
    VALUES (
        chat, place.last_seq, actor, 'system', system_text(actor, told, title), told, place.moment, place.moment, NULL
    )
    RETURNING m.* INTO stored;
    PERFORM count_out(chat, 0, stored.seq, 1);
    RETURN with_users(message_text(stored, 0, 0), message_people(stored));
END
$$;
