-- What moderators have done to users, and what users report to them.

-- A mute and a ban are in force until their time, or until they are lifted; 'infinity' is for good.
CREATE TABLE sanctions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('warning', 'mute', 'ban')),
    reason text NOT NULL,
    until timestamptz CHECK ((until IS NULL) = (kind = 'warning')),
    created_at timestamptz NOT NULL DEFAULT now(),
    lifted_at timestamptz
);
CREATE INDEX sanctions_user ON sanctions (user_id, id);
-- Every send looks here. It holds only the few users who were ever muted or banned.
CREATE INDEX sanctions_in_force ON sanctions (user_id, kind, until) WHERE until IS NOT NULL AND lifted_at IS NULL;
CREATE INDEX sanctions_of_kind ON sanctions (kind, until, user_id) WHERE until IS NOT NULL AND lifted_at IS NULL;

CREATE TABLE reports (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reporter_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    subject_kind text NOT NULL CHECK (subject_kind IN ('message', 'user', 'chat')),
    subject_id bigint NOT NULL,
    -- Whom it accuses, and where; and what a message said when it was reported, whatever becomes of it.
    user_id bigint,
    chat_id bigint,
    content text,
    reason text NOT NULL CHECK (reason IN ('spam', 'harassment', 'violence', 'sexual', 'illegal', 'other')),
    comment text NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'assigned', 'decided')),
    assignee_id bigint,
    decision text CHECK (decision IN ('upheld', 'dismissed')),
    note text NOT NULL DEFAULT '',
    decided_by bigint,
    decided_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (reporter_id, subject_kind, subject_id)
);
CREATE INDEX reports_state ON reports (state, id);
CREATE INDEX reports_assignee ON reports (assignee_id, id) WHERE assignee_id IS NOT NULL;
CREATE INDEX reports_user ON reports (user_id, id);
