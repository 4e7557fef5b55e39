-- Users appeal against what moderators did to them. An appeal stands in the queue of reports.

-- NULL where it was not noted yet: who imposed a sanction does not decide the appeal against it.
ALTER TABLE sanctions ADD COLUMN imposed_by bigint;

ALTER TABLE reports
    DROP CONSTRAINT reports_subject_kind_check,
    ADD CONSTRAINT reports_subject_kind_check CHECK (subject_kind IN ('message', 'user', 'chat', 'sanction')) NOT VALID;
ALTER TABLE reports VALIDATE CONSTRAINT reports_subject_kind_check;
