-- A report as its reporter sees it, or as moderators do.
CREATE OR REPLACE FUNCTION report_json(r reports, for_moderators boolean) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'id', r.id, 'subjectKind', r.subject_kind, 'subjectId', r.subject_id, 'reason', r.reason,
        'comment', r.comment, 'state', r.state, 'decision', r.decision, 'createdAt', wire_time(r.created_at)
    ) || CASE
        WHEN for_moderators THEN jsonb_build_object(
            'reporterId', r.reporter_id, 'userId', r.user_id, 'chatId', r.chat_id, 'content', r.content,
            'phrase', r.phrase,
            'assigneeId', r.assignee_id, 'note', r.note, 'decidedBy', r.decided_by, 'decidedAt', wire_time(r.decided_at)
        )
        ELSE '{}'
    END;
