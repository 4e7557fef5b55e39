-- Files: announced, stored in S3, checked, and then attached to messages.

CREATE TABLE uploads (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    key text NOT NULL,
    filename text NOT NULL,
    content_type text NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    -- dropped: what came was not what was announced; the row says so until it expires.
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'ready', 'dropped')),
    -- The ETag of the object as it was checked, so that another one stored over it is noticed.
    etag text,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- When an upload that is not ready is given up.
    expires_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX uploads_key ON uploads (key);
CREATE INDEX uploads_owner ON uploads (owner_id) INCLUDE (size, state, expires_at);
CREATE INDEX uploads_unfinished ON uploads (expires_at) WHERE state <> 'ready';

-- Which messages hold a file: members of their chats may fetch it.
CREATE TABLE attachments (
    upload_id bigint NOT NULL REFERENCES uploads ON DELETE CASCADE,
    chat_id bigint NOT NULL REFERENCES chats ON DELETE CASCADE,
    seq bigint NOT NULL,
    PRIMARY KEY (upload_id, chat_id, seq)
);
CREATE INDEX attachments_message ON attachments (chat_id, seq);

-- Bytes that count against a user's quota: stored ones, and those that may still come.
CREATE FUNCTION storage_used(owner bigint) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (
        SELECT coalesce(sum(size), 0)::bigint FROM uploads
        WHERE owner_id = owner AND (state = 'ready' OR (state = 'pending' AND expires_at > now()))
    );

-- The same, while nobody else can announce for this user until the transaction ends. The statement that asks took its
-- snapshot before it got the lock; a volatile function takes a new one, and so sees what the holder before it wrote.
CREATE FUNCTION storage_used_locked(owner bigint) RETURNS bigint
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM FROM users WHERE id = owner FOR NO KEY UPDATE;
    RETURN storage_used(owner);
END
$$;

-- Takes `wanted` from an allowance, or nothing at all: several files that were refused leave it as it was.
-- retry_after: seconds until all of them are allowed.
CREATE FUNCTION take_allowances(
    subject text, burst integer, period interval, wanted integer,
    OUT allowed boolean, OUT remaining integer, OUT retry_after integer
)
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    FOR number IN 1 .. wanted LOOP
        SELECT * INTO allowed, remaining, retry_after FROM take_allowance(subject, burst, period);
        IF NOT allowed THEN
            remaining := number - 1;
            retry_after := retry_after + ceil((wanted - number) * extract(epoch FROM period / burst));
            RAISE SQLSTATE 'MS429';
        END IF;
    END LOOP;
EXCEPTION WHEN SQLSTATE 'MS429' THEN
    -- Taken back by the rollback of this block; the answer's variables are not.
END
$$;
