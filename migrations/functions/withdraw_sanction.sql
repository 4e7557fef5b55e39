-- Takes one sanction back, as an appeal against it was upheld. Again is as once.
CREATE OR REPLACE FUNCTION withdraw_sanction(sanction_id bigint, actor bigint, address text, request_id text)
    RETURNS void
    LANGUAGE plpgsql AS $$
DECLARE
    taken_back sanctions;
BEGIN
    UPDATE sanctions s SET lifted_at = now() WHERE s.id = sanction_id AND s.lifted_at IS NULL
    RETURNING s.* INTO taken_back;
    IF taken_back.id IS NOT NULL THEN
        INSERT INTO audit (action, actor_id, subject_kind, subject_id, address, request_id)
        VALUES (
            CASE taken_back.kind WHEN 'warning' THEN 'unwarned' WHEN 'mute' THEN 'unmuted' ELSE 'unbanned' END,
            actor, 'user', taken_back.user_id, withdraw_sanction.address, withdraw_sanction.request_id
        );
    END IF;
END
$$;
