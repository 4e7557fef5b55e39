-- Assigns a report (to nobody, where `assignee` is NULL), or decides it, once. An appeal that is upheld lifts what it
-- is against.
-- verdict: 'allowed', 'unchanged', or why it refuses; report is as it stands then.
CREATE OR REPLACE FUNCTION change_report(
    report_id bigint, actor bigint, assigns boolean, assignee bigint, decided text, remark text, address text,
    request_id text, OUT verdict text, OUT report text, OUT users text
)
    LANGUAGE plpgsql AS $$
DECLARE
    known reports;
    -- On whom the actor would judge: whom the report accuses, or who appeals.
    judged bigint;
BEGIN
    SELECT r.* INTO known FROM reports r WHERE r.id = report_id FOR UPDATE;
    judged := CASE WHEN known.subject_kind = 'sanction' THEN known.reporter_id ELSE known.user_id END;
    verdict := CASE
        WHEN known.id IS NULL THEN 'not_found'
        WHEN known.state = 'decided' AND decided IS NOT DISTINCT FROM known.decision
            AND (NOT assigns OR assignee IS NOT DISTINCT FROM known.assignee_id) THEN 'unchanged'
        WHEN known.state = 'decided' THEN 'report_decided'
        WHEN assignee IS NOT NULL AND NOT EXISTS (
            SELECT FROM users u WHERE u.id = assignee AND u.role IN ('moderator', 'admin')
        ) THEN 'unknown_user'
        WHEN decided IS NOT NULL AND judged IS NOT NULL
            AND judging_refusal(actor, judged) IN ('not_yourself', 'forbidden')
            THEN judging_refusal(actor, judged)
        WHEN decided IS NOT NULL AND known.subject_kind = 'sanction' AND EXISTS (
            SELECT FROM sanctions s JOIN users me ON me.id = actor
            WHERE s.id = known.subject_id AND s.imposed_by = actor AND me.role <> 'admin'
        ) THEN 'forbidden'
        ELSE 'allowed'
    END;
    IF verdict = 'allowed' THEN
        UPDATE reports r SET
            assignee_id = CASE WHEN assigns THEN assignee ELSE r.assignee_id END,
            decision = decided, note = coalesce(remark, r.note),
            decided_by = CASE WHEN decided IS NOT NULL THEN actor END,
            decided_at = CASE WHEN decided IS NOT NULL THEN now() END,
            state = CASE
                WHEN decided IS NOT NULL THEN 'decided'
                WHEN CASE WHEN assigns THEN assignee ELSE r.assignee_id END IS NOT NULL THEN 'assigned'
                ELSE 'open'
            END
        WHERE r.id = known.id RETURNING r.* INTO known;
        INSERT INTO audit (action, actor_id, subject_kind, subject_id, details, address, request_id)
        VALUES (
            CASE WHEN decided IS NOT NULL THEN 'report_decided' ELSE 'report_assigned' END, actor, 'report', known.id,
            jsonb_build_object('assigneeId', known.assignee_id, 'decision', decided),
            change_report.address, change_report.request_id
        );
        IF known.subject_kind = 'sanction' AND decided = 'upheld' THEN
            PERFORM withdraw_sanction(known.subject_id, actor, change_report.address, change_report.request_id);
        END IF;
    END IF;
    report := report_json(known, true);
    users := users_text(array_remove(
        ARRAY[known.reporter_id, known.user_id, known.assignee_id, known.decided_by], NULL
    ));
END
$$;
