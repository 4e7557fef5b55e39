-- Webhooks: URLs that are told of what happens in a group, or in all groups of an admin of the service.

CREATE TABLE webhooks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- NULL for one of the whole service.
    chat_id bigint REFERENCES chats ON DELETE CASCADE,
    -- It is told of what this user hears.
    keeper_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL,
    url text NOT NULL CHECK (octet_length(url) <= 2000),
    events text[] NOT NULL,
    -- What is sent is signed with it, so it is not hashed.
    secret text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- Since when no post was taken; NULL where the last one was.
    failing_since timestamptz,
    disabled_at timestamptz,
    disabled_for text CHECK (disabled_for IN ('asked', 'failing', 'gone')),
    CHECK ((disabled_at IS NULL) = (disabled_for IS NULL))
);
CREATE INDEX webhooks_chat ON webhooks (chat_id, id);
CREATE INDEX webhooks_keeper ON webhooks (keeper_id, chat_id);

-- What became of the last posts; older ones are removed with each new one.
CREATE TABLE webhook_deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook_id bigint NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    event_id text NOT NULL,
    type text NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed')),
    -- What the last try was answered; 0 where nobody answered, NULL before the first.
    status smallint,
    tries smallint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    tried_at timestamptz,
    UNIQUE (webhook_id, event_id)
);
CREATE INDEX webhook_deliveries_newest ON webhook_deliveries (webhook_id, id);

ALTER TABLE audit DROP CONSTRAINT audit_subject_kind_check;
ALTER TABLE audit ADD CONSTRAINT audit_subject_kind_check
    CHECK (subject_kind IN ('user', 'message', 'chat', 'report', 'audit', 'rule', 'held', 'webhook')) NOT VALID;
ALTER TABLE audit VALIDATE CONSTRAINT audit_subject_kind_check;
