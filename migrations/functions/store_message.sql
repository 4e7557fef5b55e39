-- Sends a message: checks, takes from the sender's allowance, numbers, stores, and says who must hear of it.
--
-- One function, since its plans stay with PostgreSQL's session: a caller that cannot prepare statements pays for the
-- call alone. Each statement in it sees what was committed before it began.
--
-- verdict: 'allowed'; 'repeated', where the sender sent this client_id here before; 'stale', where the chat's members
-- or rules changed meanwhile and nothing was written; 'held', where a rule on words wants somebody to look at it first;
-- or why it refuses. Not `allowed` is who has spent the allowance; slow mode raises MS430.
-- message is what a repeated send had stored. The other answers are of a message that was stored just now. Where the
-- sender had not read what was before it, they have now: read_at is when, and readers are who may hear of it.
--
-- Every statement there is locks the sender's allowance before the chat, and a chat before its members: no two of them
-- can wait for each other.
CREATE OR REPLACE FUNCTION store_message(
    sender bigint, session bigint, chat bigint, client_id text, kind text, body text, reply bigint, files bigint[],
    mentioned bigint[], subject text, burst integer, unattended boolean, details jsonb, described jsonb,
    OUT verdict text, OUT allowed boolean, OUT remaining integer, OUT retry_after integer, OUT message text,
    OUT id bigint, OUT seq bigint, OUT created_at text, OUT expires_at text, OUT attachments text,
    OUT recipients bigint[], OUT leaves_unread boolean, OUT users text, OUT quote text,
    OUT kept_details text, OUT thread_id bigint, OUT head text, OUT read_at text, OUT readers bigint[]
)
    LANGUAGE plpgsql VOLATILE
    -- Every row is looked up by its key, so plans for given values would be the same, made five times in each session.
    SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    place record;
    taken record;
    stored record;
    attached jsonb := '[]';
    people bigint[] := sender || mentioned;
    quoted record;
    moved record;
    said text;
    rule word_rules;
BEGIN
    allowed := true;
    retry_after := 0;
    recipients := '{}';
    leaves_unread := false;

    -- A left join of nothing: there is always a row, also for who is not a member.
    SELECT me.user_id IS NOT NULL AS is_member, c.members_version, writing_refusal(c, me) AS refusal,
        CASE WHEN me.role = 'member' THEN c.slow_seconds END AS pace,
        EXISTS (SELECT FROM word_rules r WHERE r.scope IN (0, store_message.chat)) AS has_rules,
        EXISTS (
            SELECT FROM sessions s WHERE s.id = session AND s.user_id = sender AND s.ended_at IS NULL
        ) AS is_alive,
        (
            SELECT m.chat_id FROM messages m WHERE m.sender_id = sender AND m.client_message_id = client_id
        ) AS earlier_chat
    INTO place
    FROM (SELECT) always
    LEFT JOIN members me ON me.chat_id = chat AND me.user_id = sender
    LEFT JOIN chats c ON c.id = me.chat_id;

    -- The service sends scheduled messages without a session.
    IF session IS NOT NULL AND NOT place.is_alive THEN
        RAISE EXCEPTION 'session ended' USING ERRCODE = 'MS401';
    END IF;
    verdict := CASE
        WHEN NOT place.is_member THEN 'not_found'
        WHEN place.earlier_chat = chat THEN 'repeated'
        WHEN place.earlier_chat IS NOT NULL THEN 'reused'
        ELSE place.refusal
    END;
    IF verdict = 'repeated' THEN
        message := (
            SELECT message_answer(m, me) FROM messages m JOIN members me ON me.chat_id = m.chat_id
            WHERE m.sender_id = sender AND m.client_message_id = client_id AND me.user_id = sender
        );
    END IF;
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;

    IF reply IS NOT NULL THEN
        SELECT m.sender_id AS author, quote_text(m) AS shown INTO quoted
        FROM messages m WHERE m.id = reply AND m.chat_id = store_message.chat;
        IF NOT FOUND THEN
            verdict := 'unknown_reply';
            RETURN;
        END IF;
        quote := quoted.shown;
        people := people || quoted.author;
    END IF;
    IF mentioned <> '{}' AND cardinality(mentioned) <> (
        SELECT count(*) FROM members m WHERE m.chat_id = chat AND m.user_id = ANY (mentioned)
    ) THEN
        verdict := 'unknown_mention';
        RETURN;
    END IF;
    IF files <> '{}' THEN
        attached := (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', u.id, 'filename', u.filename, 'contentType', u.content_type, 'size', u.size
            ) || said_of_file(described, u.id, u.content_type) ORDER BY given.place), '[]')
            FROM unnest(files) WITH ORDINALITY AS given (id, place)
            JOIN (
                -- record_media() waits for this message, or this waits for what it records.
                SELECT * FROM uploads WHERE uploads.id = ANY (files) FOR SHARE
            ) u ON u.id = given.id AND u.owner_id = sender AND u.state = 'ready'
        );
        IF jsonb_array_length(attached) <> cardinality(files) THEN
            verdict := 'unusable_attachment';
            RETURN;
        END IF;
        kind := kind_of_files(kind, attached);
    END IF;

    IF details #>> '{contact,userId}' IS NOT NULL THEN
        -- Where the sender gives no name, it is the one that the user has now.
        SELECT jsonb_set(
            details, '{contact,name}', to_jsonb(coalesce(details #>> '{contact,name}', u.display_name))
        ) INTO details
        FROM users u WHERE u.id = (details #>> '{contact,userId}')::bigint;
        IF NOT FOUND THEN
            verdict := 'unknown_user';
            RETURN;
        END IF;
        people := people || details_people(details);
    END IF;

    verdict := 'allowed';
    taken := take_allowance(subject, burst, interval '1 minute');
    allowed := taken.allowed;
    remaining := taken.remaining;
    retry_after := taken.retry_after;
    IF NOT allowed THEN
        RETURN;
    END IF;

    IF place.has_rules THEN
        said := message_words(body, details, attached);
        rule := words_found(chat, said);
        IF rule.id IS NOT NULL THEN
            verdict := coalesce(hold_message(
                rule, sender, chat, client_id, kind, body, reply, files, mentioned, details, described
            ), 'allowed');
        END IF;
        IF verdict <> 'allowed' THEN
            RETURN;
        END IF;
    END IF;

    -- Whom a chat waits for accepts it by writing.
    UPDATE chats c SET last_seq = c.last_seq + 1, last_message_at = clock_timestamp(),
        request_of = nullif(c.request_of, sender)
    WHERE c.id = chat AND c.members_version = place.members_version
    RETURNING c.last_seq, c.last_message_at AS moment,
        c.last_message_at + make_interval(secs => c.message_seconds) AS end_of_life
    INTO stored;
    IF NOT FOUND THEN
        verdict := 'stale';
        RETURN;
    END IF;
    seq := stored.last_seq;
    IF place.pace IS NOT NULL THEN
        PERFORM keep_pace(chat, sender, place.pace);
    END IF;

    IF reply IS NOT NULL THEN
        thread_id := (SELECT thread_under(m) FROM messages m WHERE m.id = reply);
    END IF;
    INSERT INTO messages AS m (
        chat_id, seq, sender_id, client_message_id, message_type, content, attachments, reply_to, mentions,
        created_at, updated_at, expires_at, searched, details, thread_id
    )
    VALUES (
        chat, stored.last_seq, sender, client_id, kind, body, attached, reply, mentioned,
        stored.moment, stored.moment, stored.end_of_life, NULL, store_message.details, store_message.thread_id
    )
    RETURNING m.id INTO id;
    IF rule.action = 'report' THEN
        PERFORM report_words(rule, id, sender, chat, said);
    END IF;
    INSERT INTO unindexed_messages (chat_id, seq) VALUES (chat, stored.last_seq);
    IF files <> '{}' THEN
        INSERT INTO attachments (upload_id, chat_id, seq)
        SELECT given.id, chat, stored.last_seq FROM unnest(files) AS given (id);
        store_message.attachments := attachments_text(attached);
    END IF;

    IF mentioned <> '{}' THEN
        INSERT INTO mentions (user_id, chat_id, seq)
        SELECT given.id, chat, stored.last_seq FROM unnest(mentioned) AS given (id);
    END IF;
    IF stored.end_of_life IS NOT NULL THEN
        INSERT INTO expiring_messages (chat_id, expires_at, seq) VALUES (chat, stored.end_of_life, stored.last_seq);
    END IF;

    -- Who writes has read what is there, but for those in whose absence it is sent.
    UPDATE members me SET delivered_seq = stored.last_seq, read_seq = stored.last_seq, marked_unread = false
    WHERE me.chat_id = chat AND me.user_id = sender AND (NOT unattended OR me.read_seq = stored.last_seq - 1)
    RETURNING me.read_after, me.read_at, me.read_receipts INTO moved;
    leaves_unread := NOT FOUND;
    IF leaves_unread THEN
        PERFORM count_out(chat, sender, stored.last_seq, 1);
    END IF;

    IF thread_id IS NOT NULL THEN
        head := (
            SELECT add_reply(chat, store_message.thread_id, stored.last_seq, stored.moment, me)
            FROM members me WHERE me.chat_id = chat AND me.user_id = sender
        );
    END IF;

    SELECT array_agg(m.user_id),
        array_agg(m.user_id) FILTER (WHERE m.user_id = sender OR (m.read_receipts AND moved.read_receipts))
    INTO recipients, readers
    FROM members m WHERE m.chat_id = chat;
    IF moved.read_after < stored.last_seq - 1 THEN
        PERFORM add_read_step(chat, sender, moved.read_after, stored.last_seq, moved.read_at);
        read_at := wire_time(moved.read_at);
    ELSE
        readers := NULL;
    END IF;
    users := users_text(people);
    kept_details := details;
    created_at := wire_time(stored.moment);
    expires_at := wire_time(stored.end_of_life);
END
$$;
