-- When the deployer's scanner is asked for its verdict on a file again. Files that waited before there was one to be
-- asked are due at once.
ALTER TABLE uploads ADD COLUMN scan_due_at timestamptz NOT NULL DEFAULT '-infinity';
CREATE INDEX uploads_scanning ON uploads (scan_due_at) WHERE state = 'scanning';
