-- What is the same of a chat for all its members, but for who they are: the text of the fields of a JSON object.
CREATE OR REPLACE FUNCTION chat_fields(c chats) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN concat(
        '"id":', c.id, ',"type":"', c.type, '","name":', coalesce(to_json(c.name)::text, 'null'),
        ',"description":', coalesce(to_json(c.description)::text, 'null'),
        ',"avatarUrl":', coalesce(to_json(CASE WHEN c.avatar_id IS NOT NULL THEN c.avatar_link END)::text, 'null'),
        ',"createdBy":', coalesce(c.created_by::text, 'null'), ',"lastSeq":', c.last_seq,
        ',"isPublic":', to_json(c.is_public), ',"settings":{"whoCanSend":"', c.who_can_send,
        '","whoCanAdd":"', c.who_can_add, '","messageSeconds":', coalesce(c.message_seconds::text, 'null'),
        ',"slowModeSeconds":', coalesce(c.slow_seconds::text, 'null'),
        '},"createdAt":"', wire_time(c.created_at), '","updatedAt":"', wire_time(c.updated_at), '"'
    );
