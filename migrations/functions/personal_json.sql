-- What a member made of a chat for themselves.
CREATE OR REPLACE FUNCTION personal_json(c chats, viewer members) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'muted', coalesce(viewer.muted_until > now(), false),
        'mutedUntil', CASE WHEN viewer.muted_until > now() AND isfinite(viewer.muted_until)
            THEN wire_time(viewer.muted_until) END,
        'pinned', viewer.pinned_at IS NOT NULL, 'archived', viewer.archived_at IS NOT NULL,
        'markedUnread', viewer.marked_unread,
        'hidden', coalesce(c.last_seq <= viewer.hidden_seq, false)
    );
