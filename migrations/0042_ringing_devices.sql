-- Whose devices were told that a call rings for them: they are told, too, when it rings no more.
ALTER TABLE call_parties ADD COLUMN notified_at timestamptz;
