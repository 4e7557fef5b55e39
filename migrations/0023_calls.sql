-- Calls by WebRTC: who calls whom, and what becomes of it. What the parties' devices say to each other is kept nowhere.

-- Who may call a user; `contacts` are the user's own.
ALTER TABLE users ADD COLUMN calls_from text NOT NULL DEFAULT 'everyone'
    CHECK (calls_from IN ('everyone', 'contacts', 'nobody'));
CREATE TRIGGER users_calls_noted AFTER UPDATE OF calls_from ON users
    FOR EACH ROW WHEN (OLD.calls_from <> NEW.calls_from) EXECUTE FUNCTION note_personal_change('privacy', 'id', '');

CREATE TABLE calls (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chat_id bigint NOT NULL REFERENCES chats ON DELETE CASCADE,
    caller_id bigint REFERENCES users ON DELETE SET NULL,
    type text NOT NULL CHECK (type IN ('audio', 'video')),
    status text NOT NULL DEFAULT 'ringing'
        CHECK (status IN ('ringing', 'active', 'missed', 'declined', 'busy', 'ended', 'failed')),
    started_at timestamptz NOT NULL DEFAULT now(),
    answered_at timestamptz,
    ended_at timestamptz,
    -- When it must be looked at: somebody has rung long enough, or has been without a socket for too long.
    due_at timestamptz,
    -- The number of the message that tells the call, once it has ended.
    seq bigint,
    -- Later with every change; of two states of a call the one with the later time holds.
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((ended_at IS NULL) = (status IN ('ringing', 'active')))
);
-- A chat has one call at a time: who calls while it is being called answers.
CREATE UNIQUE INDEX calls_live ON calls (chat_id) WHERE ended_at IS NULL;
CREATE INDEX calls_due ON calls (due_at) WHERE ended_at IS NULL;
CREATE INDEX calls_chat ON calls (chat_id);
CREATE INDEX calls_caller ON calls (caller_id);

CREATE TABLE call_parties (
    call_id bigint NOT NULL REFERENCES calls ON DELETE CASCADE,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    -- The call's chat, and the number of its message.
    chat_id bigint NOT NULL,
    seq bigint,
    state text NOT NULL CHECK (state IN ('ringing', 'joined', 'left', 'declined', 'busy', 'missed')),
    -- The device that takes part.
    session_id bigint,
    -- Until when it rings, and when a device first said that it does.
    ring_until timestamptz,
    rang_at timestamptz,
    joined_at timestamptz,
    left_at timestamptz,
    -- Since when the device has no socket.
    lost_at timestamptz,
    muted boolean NOT NULL DEFAULT false,
    camera boolean NOT NULL DEFAULT false,
    screen boolean NOT NULL DEFAULT false,
    PRIMARY KEY (call_id, user_id)
);
-- Nobody is in two calls.
CREATE UNIQUE INDEX call_parties_joined ON call_parties (user_id) WHERE state = 'joined';
CREATE INDEX call_parties_ringing ON call_parties (user_id, call_id) WHERE state = 'ringing';
CREATE INDEX call_parties_log ON call_parties (user_id, call_id);
CREATE INDEX call_parties_chat ON call_parties (user_id, chat_id, call_id);
CREATE INDEX call_parties_missed ON call_parties (user_id, call_id) WHERE state IN ('missed', 'busy');
CREATE INDEX call_parties_unread ON call_parties (user_id, chat_id, seq) WHERE state IN ('missed', 'busy');
