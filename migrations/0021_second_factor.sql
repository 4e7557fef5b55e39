-- A second factor: a secret that an authenticator shares, in force once a code of it was shown.
CREATE TABLE second_factors (
    user_id bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    secret bytea NOT NULL,
    confirmed_at timestamptz,
    -- The step of time of the newest code that was used: no code is taken twice.
    last_step bigint NOT NULL DEFAULT 0
);
-- Each stands for one code, for whoever has lost the authenticator.
CREATE TABLE recovery_codes (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    hash bytea NOT NULL,
    PRIMARY KEY (user_id, hash)
);
