-- Appeals against a sanction of the appellant's own, or against the ban in force where `sanction` is NULL; once each.
-- verdict: 'allowed', 'repeated', or why it refuses; report is the one that there is then.
CREATE OR REPLACE FUNCTION file_appeal(
    appellant bigint, sanction bigint, told text, burst integer,
    OUT verdict text, OUT allowed boolean, OUT remaining integer, OUT retry_after integer, OUT report text
)
    LANGUAGE plpgsql AS $$
DECLARE
    contested sanctions;
BEGIN
    allowed := true;
    retry_after := 0;
    SELECT s.* INTO contested FROM sanctions s
    WHERE s.user_id = appellant AND CASE
        WHEN sanction IS NOT NULL THEN s.id = sanction
        ELSE s.kind = 'ban' AND s.until IS NOT NULL AND s.lifted_at IS NULL AND s.until > now()
    END
    ORDER BY s.id DESC LIMIT 1;
    IF contested.id IS NULL THEN
        verdict := 'not_found';
        RETURN;
    END IF;
    SELECT f.* INTO verdict, allowed, remaining, retry_after, report
    FROM add_report(appellant, 'sanction', contested.id, NULL, NULL, contested.reason, 'other', told, burst) f;
END
$$;
