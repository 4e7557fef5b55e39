-- Everything that is kept of a user beside their messages.
CREATE OR REPLACE FUNCTION export_account(account bigint) RETURNS text
    LANGUAGE sql STABLE AS $$
    SELECT jsonb_pretty(jsonb_build_object(
        'profile', user_json(u, u.id), 'emailVerifiedAt', wire_time(u.email_verified_at),
        'privacy', jsonb_build_object('lastSeen', u.shows_last_seen, 'readReceipts', u.read_receipts),
        'sessions', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'userAgent', s.user_agent, 'address', s.address, 'createdAt', wire_time(s.created_at),
                'endedAt', wire_time(s.ended_at)
            ) ORDER BY s.id), '[]') FROM sessions s WHERE s.user_id = u.id
        ),
        'passkeys', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'name', p.name, 'createdAt', wire_time(p.created_at), 'lastUsedAt', wire_time(p.used_at)
            ) ORDER BY p.id), '[]') FROM passkeys p WHERE p.user_id = u.id
        ),
        'networks', (SELECT coalesce(jsonb_agg(n.network), '[]') FROM known_networks n WHERE n.user_id = u.id),
        'deviceKeys', (
            SELECT coalesce(jsonb_agg(device_keys_json(k) ORDER BY k.session_id), '[]')
            FROM device_keys k WHERE k.user_id = u.id
        ),
        'contacts', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('userId', c.user_id, 'name', c.name)), '[]')
            FROM contacts c WHERE c.owner_id = u.id
        ),
        'blocks', (SELECT coalesce(jsonb_agg(b.blocked_id), '[]') FROM blocks b WHERE b.blocker_id = u.id),
        'chats', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', c.id, 'type', c.type, 'name', c.name, 'role', m.role, 'joinedAt', wire_time(m.joined_at)
            ) ORDER BY c.id), '[]') FROM members m JOIN chats c ON c.id = m.chat_id WHERE m.user_id = u.id
        ),
        'drafts', (
            SELECT coalesce(jsonb_agg(jsonb_build_object('chatId', d.chat_id, 'content', d.content)), '[]')
            FROM drafts d WHERE d.user_id = u.id AND d.content <> ''
        ),
        'scheduled', (
            SELECT coalesce(jsonb_agg(s.message || jsonb_build_object('sendAt', wire_time(s.send_at))), '[]')
            FROM scheduled_messages s WHERE s.user_id = u.id
        ),
        'files', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', f.id, 'filename', f.filename, 'contentType', f.content_type, 'size', f.size,
                'createdAt', wire_time(f.created_at)
            ) ORDER BY f.id), '[]') FROM uploads f WHERE f.owner_id = u.id AND f.state = 'ready'
        )
    ))
    FROM users u WHERE u.id = account
$$;
