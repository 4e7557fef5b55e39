-- Moderators and admins, of whom there are few.
CREATE INDEX users_role ON users (role, id) WHERE role <> 'user';
-- Accounts whose end is asked for, or done, in the order of the list of accounts.
CREATE INDEX users_leaving ON users (id) WHERE delete_after IS NOT NULL;
