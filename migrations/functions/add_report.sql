-- Adds a report to the queue, where its reporter has not made it before and their allowance has room for it.
-- verdict: 'allowed' or 'repeated'; report is the one that there is then, NULL where `allowed` is false.
CREATE OR REPLACE FUNCTION add_report(
    reporter bigint, kind text, subject bigint, accused bigint, place bigint, said text, why text, told text,
    burst integer,
    OUT verdict text, OUT allowed boolean, OUT remaining integer, OUT retry_after integer, OUT report text
)
    LANGUAGE plpgsql AS $$
DECLARE
    filed reports;
BEGIN
    allowed := true;
    retry_after := 0;
    SELECT r.* INTO filed FROM reports r
    WHERE r.reporter_id = reporter AND r.subject_kind = kind AND r.subject_id = subject;
    verdict := CASE WHEN FOUND THEN 'repeated' ELSE 'allowed' END;
    IF verdict = 'allowed' THEN
        SELECT t.allowed, t.remaining, t.retry_after INTO allowed, remaining, retry_after
        FROM take_allowance('reports:' || reporter, burst, interval '1 hour') t;
        IF NOT allowed THEN
            RETURN;
        END IF;
        INSERT INTO reports (reporter_id, subject_kind, subject_id, user_id, chat_id, content, reason, comment)
        VALUES (reporter, kind, subject, accused, place, said, why, told)
        ON CONFLICT (reporter_id, subject_kind, subject_id) DO UPDATE SET reporter_id = excluded.reporter_id
        RETURNING * INTO filed;
    END IF;
    report := report_json(filed, false);
END
$$;
