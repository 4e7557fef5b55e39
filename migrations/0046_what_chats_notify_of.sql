-- Of what a member's devices are notified in a chat, beside what a mute says.
ALTER TABLE members ADD COLUMN notify_of text NOT NULL DEFAULT 'all' CHECK (notify_of IN ('all', 'mentions', 'none'));
