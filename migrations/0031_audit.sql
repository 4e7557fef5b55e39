-- The audit trail: who did what, to whom, when and from where. Rows are only ever added.

CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    happened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    action text NOT NULL,
    -- NULL where a command of whoever runs the service did it. No foreign keys: what is told outlives whom it is about.
    actor_id bigint,
    subject_kind text NOT NULL CHECK (subject_kind IN ('user', 'message', 'chat', 'report', 'audit')),
    subject_id bigint NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    address text NOT NULL DEFAULT '',
    request_id text NOT NULL DEFAULT ''
);
CREATE INDEX audit_time ON audit (happened_at, id);
CREATE INDEX audit_actor ON audit (actor_id, happened_at, id);
CREATE INDEX audit_subject ON audit (subject_id, happened_at, id);
CREATE INDEX audit_action ON audit (action, happened_at, id);

-- Rows that are not in the chain yet. No act waits for another one's: the sweep chains them, each minute.
CREATE TABLE audit_waiting (audit_id bigint PRIMARY KEY);

-- Each link is the hash of its row and of the link before it.
CREATE TABLE audit_chain (
    position bigint PRIMARY KEY,
    audit_id bigint NOT NULL UNIQUE,
    hash bytea NOT NULL
);

-- First texts, for the triggers. Today's are in functions/.
CREATE FUNCTION await_chaining() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';

CREATE TRIGGER audit_waits AFTER INSERT ON audit FOR EACH ROW EXECUTE FUNCTION await_chaining();
-- Where the functions log in as the owner of the tables, these stand in the way instead of the missing rights.
CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_chain_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_chain
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
