-- What every statement stands on: the wire's times, the session guard, the limits, the kept answers.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- A request that outlives its caller must not hold locks. Set on the database, since a proxy in front would pin a
-- session that sets them itself.
DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I SET statement_timeout = %L', current_database(), '15s');
    EXECUTE format('ALTER DATABASE %I SET idle_in_transaction_session_timeout = %L', current_database(), '15s');
END
$$;

-- RFC 3339 in UTC with milliseconds and Z.
CREATE FUNCTION wire_time(moment timestamptz) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username text NOT NULL,
    email text,
    password_hash text NOT NULL,
    -- Not moved by hashing the same password anew at a higher cost.
    password_changed_at timestamptz NOT NULL DEFAULT now(),
    first_name text NOT NULL DEFAULT '',
    last_name text NOT NULL DEFAULT '',
    display_name text NOT NULL,
    avatar_url text,
    -- What the user chose to be seen as while one of their devices is there.
    status text NOT NULL DEFAULT 'online' CHECK (status IN ('online', 'away', 'busy', 'invisible')),
    status_text text NOT NULL DEFAULT '',
    -- Whether a device was there when they were last looked for.
    is_online boolean NOT NULL DEFAULT false,
    last_seen_at timestamptz,
    -- What others were last told of all this, and when; and when it was last put off until later.
    told_status text NOT NULL DEFAULT 'offline',
    told_text text NOT NULL DEFAULT '',
    told_at timestamptz NOT NULL DEFAULT '-infinity',
    put_off_at timestamptz NOT NULL DEFAULT '-infinity',
    -- Who may see when they are or were there, and whether others may see what they have read.
    shows_last_seen text NOT NULL DEFAULT 'everyone' CHECK (shows_last_seen IN ('everyone', 'contacts', 'nobody')),
    read_receipts boolean NOT NULL DEFAULT true,
    role text NOT NULL DEFAULT 'user' CHECK (role IN ('user', 'moderator', 'admin')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- What people are found by.
    searched text NOT NULL GENERATED ALWAYS AS (
        lower(username || ' ' || display_name || ' ' || first_name || ' ' || last_name)
    ) STORED
);
CREATE UNIQUE INDEX users_username ON users (lower(username));
CREATE UNIQUE INDEX users_email ON users (lower(email));
CREATE INDEX users_username_prefix ON users (lower(username) text_pattern_ops, id);
CREATE INDEX users_searched ON users USING gin (searched gin_trgm_ops);

CREATE TABLE sessions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    -- What all refresh tokens of a session share, hashed: by it a token of any age finds its session.
    family_hash bytea NOT NULL,
    refresh_hash bytea NOT NULL,
    -- The token before, still answered with the same successor for a short grace.
    previous_hash bytea,
    rotated_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    user_agent text NOT NULL DEFAULT '',
    address text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
-- Nothing that a rotation changes is indexed: it stays within its page.
CREATE UNIQUE INDEX sessions_family ON sessions (family_hash);
CREATE INDEX sessions_user ON sessions (user_id, id) WHERE ended_at IS NULL;

-- Pipelined in front of every statement that acts for somebody: an ended session stops the statement behind it.
CREATE FUNCTION require_session(actor bigint, session bigint) RETURNS void
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM sessions WHERE id = session AND user_id = actor AND ended_at IS NULL) THEN
        RAISE EXCEPTION 'session ended' USING ERRCODE = 'MS401';
    END IF;
END
$$;

-- Rates by the generic cell rate algorithm: one number a subject, the time at which its bucket will be empty again.
-- Unlogged: after a crash everybody starts with a full allowance, and no send waits for it to reach the disk.
CREATE UNLOGGED TABLE allowances (
    subject text PRIMARY KEY,
    empty_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Takes one from the subject's allowance of `burst` a `period`. A NULL burst has no limit.
-- remaining: what is left now; retry_after: seconds until the next one, 0 where this one was allowed.
CREATE FUNCTION take_allowance(
    subject text, burst integer, period interval, OUT allowed boolean, OUT remaining integer, OUT retry_after integer
)
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    -- Rounded down to the microsecond: rounded up, `burst` of them would be longer than the period.
    step interval := make_interval(secs => trunc(extract(epoch FROM period) * 1000000 / burst) / 1000000);
    moment timestamptz := clock_timestamp();
    taken timestamptz;
BEGIN
    IF burst IS NULL THEN
        allowed := true; remaining := 0; retry_after := 0;
        RETURN;
    END IF;
    INSERT INTO allowances AS kept (subject, empty_at) VALUES (take_allowance.subject, moment + step)
    ON CONFLICT ON CONSTRAINT allowances_pkey DO UPDATE SET empty_at = greatest(kept.empty_at, moment) + step
        WHERE greatest(kept.empty_at, moment) + step <= moment + period
    RETURNING kept.empty_at INTO taken;
    allowed := FOUND;
    IF NOT allowed THEN
        SELECT kept.empty_at INTO taken FROM allowances kept WHERE kept.subject = take_allowance.subject;
        remaining := 0;
        retry_after := greatest(1, ceil(extract(epoch FROM taken + step - moment - period)));
    ELSE
        remaining := floor(extract(epoch FROM moment + period - taken) / extract(epoch FROM step));
        retry_after := 0;
    END IF;
END
$$;

CREATE TABLE idempotency_keys (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    key text NOT NULL,
    fingerprint text NOT NULL,
    answer jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
