-- Moves a user's mark in a thread up to a message of it, or to the newest, where the seq is NULL. A mark never goes back.
--
-- verdict: 'not_found'; 'beyond' for a number that no message of the chat has yet; 'unchanged'; 'allowed' where the mark moved. state is where the user stands then.
CREATE OR REPLACE FUNCTION read_thread(
    message_id bigint, actor bigint, wanted bigint, OUT verdict text, OUT state text
)
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    target record;
    thread threads;
    mark bigint;
BEGIN
    SELECT head_of(a.message) AS head, a.viewer INTO target FROM access_message(message_id, actor) a;
    IF NOT FOUND THEN
        verdict := 'not_found';
        RETURN;
    END IF;
    IF wanted > (SELECT c.last_seq FROM chats c WHERE c.id = (target.head).chat_id) THEN
        verdict := 'beyond';
        RETURN;
    END IF;
    SELECT t.* INTO thread FROM threads t
    WHERE t.chat_id = (target.head).chat_id AND t.root_seq = (target.head).seq FOR KEY SHARE;
    -- NULL where there are no replies: no mark is moved then.
    mark := CASE WHEN wanted < thread.last_seq THEN wanted ELSE thread.last_seq END;
    verdict := 'unchanged';
    IF mark > thread_mark(target.head, target.viewer) THEN
        INSERT INTO thread_marks AS k (user_id, root_id, chat_id, root_seq, read_seq)
        VALUES (actor, (target.head).id, thread.chat_id, thread.root_seq, mark)
        ON CONFLICT (user_id, root_id) DO UPDATE SET read_seq = excluded.read_seq WHERE k.read_seq < excluded.read_seq;
        verdict := 'allowed';
    END IF;
    state := thread_json(target.head, target.viewer)::text;
END
$$;
