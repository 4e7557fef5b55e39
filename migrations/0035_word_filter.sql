-- Words that are refused, hidden until somebody has looked, or reported; and slow mode.

CREATE TABLE word_rules (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- NULL where the rule holds in all chats. `scope` is 0 then: a send asks for it by one key.
    chat_id bigint REFERENCES chats ON DELETE CASCADE,
    scope bigint GENERATED ALWAYS AS (coalesce(chat_id, 0)) STORED,
    phrase text NOT NULL,
    -- What is looked for in what words_of() makes of a text.
    needle text NOT NULL,
    action text NOT NULL CHECK (action IN ('refuse', 'hide', 'report')),
    created_by bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (scope, needle)
);
CREATE INDEX word_rules_listed ON word_rules (scope, id);

-- Messages that nobody else sees until somebody has looked at them. They have no place in their chat yet.
CREATE TABLE held_messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chat_id bigint NOT NULL REFERENCES chats ON DELETE CASCADE,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    client_message_id text,
    kind text NOT NULL,
    content text NOT NULL,
    reply_to bigint,
    files bigint[] NOT NULL,
    mentions bigint[] NOT NULL,
    details jsonb,
    described jsonb,
    -- What was found. `by_chat` where a rule of the chat found it: then its admins may look at it as well.
    phrase text NOT NULL,
    by_chat boolean NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'approved', 'deleted')),
    decided_by bigint,
    decided_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, client_message_id)
);
CREATE INDEX held_messages_state ON held_messages (state, id);
CREATE INDEX held_messages_chat ON held_messages (chat_id, state, id) WHERE by_chat;
CREATE INDEX held_messages_decided ON held_messages (decided_at) WHERE decided_at IS NOT NULL;

-- A report that a rule has made has no reporter, and tells what was found; it is made once of each text.
ALTER TABLE reports ALTER reporter_id DROP NOT NULL, ADD COLUMN phrase text;
CREATE UNIQUE INDEX reports_by_rules ON reports (subject_id, md5(content)) WHERE reporter_id IS NULL;

ALTER TABLE audit DROP CONSTRAINT audit_subject_kind_check;
ALTER TABLE audit ADD CONSTRAINT audit_subject_kind_check
    CHECK (subject_kind IN ('user', 'message', 'chat', 'report', 'audit', 'rule', 'held')) NOT VALID;
ALTER TABLE audit VALIDATE CONSTRAINT audit_subject_kind_check;

-- Seconds that a member waits between two messages.
ALTER TABLE chats ADD COLUMN slow_seconds integer;

-- A first text, for the triggers. Today's is in functions/.
CREATE FUNCTION check_words() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';

-- Sends ask in store_message(), where a message can be held. An edit or a copy is refused instead.
CREATE TRIGGER messages_copied BEFORE INSERT ON messages
    FOR EACH ROW WHEN (NEW.forwarded_from IS NOT NULL) EXECUTE FUNCTION check_words();
CREATE TRIGGER messages_reworded BEFORE UPDATE OF content ON messages
    FOR EACH ROW WHEN (NEW.content <> OLD.content AND NEW.deleted_at IS NULL) EXECUTE FUNCTION check_words();
