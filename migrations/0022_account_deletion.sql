-- An account that is to be deleted: when, unless its user logs in before. Afterwards the row stays for what others have
-- of it, as a deleted user's.
ALTER TABLE users ADD COLUMN delete_after timestamptz, ADD COLUMN erased_at timestamptz;
CREATE INDEX users_delete_after ON users (delete_after) WHERE delete_after IS NOT NULL;
-- A user's sessions, also those that have ended.
CREATE INDEX sessions_of_user ON sessions (user_id);
