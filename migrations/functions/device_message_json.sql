-- A message for a device as the wire has it.
CREATE OR REPLACE FUNCTION device_message_json(m device_messages) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'id', m.id, 'senderId', m.sender_id, 'senderDeviceId', m.sender_session_id, 'type', m.type, 'body', m.body,
        'createdAt', wire_time(m.created_at)
    );
