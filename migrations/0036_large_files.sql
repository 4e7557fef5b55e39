-- A large file comes in parts. S3's name for its upload, as long as S3 may hold parts of it, and the bytes of each part
-- but the last.
ALTER TABLE uploads
    ADD COLUMN multipart_id text,
    ADD COLUMN part_size bigint;
CREATE INDEX uploads_unfinished_parts ON uploads (expires_at) WHERE multipart_id IS NOT NULL AND state <> 'ready';
