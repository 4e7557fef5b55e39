-- What a member made of a chat for themselves: the text of the fields of a JSON object.
CREATE OR REPLACE FUNCTION personal_fields(c chats, viewer members) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN concat(
        '"muted":', to_json(coalesce(viewer.muted_until > now(), false)),
        ',"mutedUntil":', coalesce('"' || CASE WHEN viewer.muted_until > now() AND isfinite(viewer.muted_until)
            THEN wire_time(viewer.muted_until) END || '"', 'null'),
        ',"pinned":', to_json(viewer.pinned_at IS NOT NULL), ',"archived":', to_json(viewer.archived_at IS NOT NULL),
        ',"markedUnread":', to_json(viewer.marked_unread),
        ',"hidden":', to_json(coalesce(c.last_seq <= viewer.hidden_seq, false)),
        ',"notifyOf":"', viewer.notify_of, '"',
        ',"isRequest":', to_json(coalesce(c.request_of = viewer.user_id, false))
    );
