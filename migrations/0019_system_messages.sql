-- What a message of the kind `system` tells, for clients that word it themselves; its content says the same in English.
-- {"action", "userIds", "userCount", "name", "changes", "role", "messageId"}
ALTER TABLE messages ADD COLUMN system jsonb;
