-- Which rows of another messenger's database became which of ours: an import that runs again adds what is new alone.
--
-- All numbers here are plain ones. What was deleted since stays known, so that no later run brings it back.

CREATE TABLE imports (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    begun_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE imported_users (
    import_id integer NOT NULL REFERENCES imports ON DELETE CASCADE,
    key text COLLATE "C" NOT NULL,
    user_id bigint NOT NULL,
    -- What tells this user of the source from another one with the same key in another source.
    fingerprint text NOT NULL,
    PRIMARY KEY (import_id, key)
);

CREATE TABLE imported_chats (
    import_id integer NOT NULL REFERENCES imports ON DELETE CASCADE,
    key text COLLATE "C" NOT NULL,
    chat_id bigint NOT NULL,
    -- All messages of our chat up to here were imported: what was read of them is known from the source.
    imported_seq bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (import_id, key)
);
CREATE INDEX imported_chats_chat ON imported_chats (chat_id);

CREATE TABLE imported_messages (
    -- Of millions of rows each one's reference would be looked up.
    import_id integer NOT NULL,
    key text COLLATE "C" NOT NULL,
    message_id bigint NOT NULL,
    PRIMARY KEY (import_id, key)
);
