-- A file may wait for the verdict of a scanner, and be quarantined by it: then its content is deleted, and the row says
-- so to those who have it in a message.
ALTER TABLE uploads
    DROP CONSTRAINT uploads_state_check,
    ADD CONSTRAINT uploads_state_check
        CHECK (state IN ('pending', 'scanning', 'ready', 'quarantined', 'dropped')) NOT VALID;
ALTER TABLE uploads VALIDATE CONSTRAINT uploads_state_check;
