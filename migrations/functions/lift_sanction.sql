-- Lifts the mute or the ban of a user. verdict: 'allowed', 'unchanged' where there is none, or why it refuses.
CREATE OR REPLACE FUNCTION lift_sanction(
    target bigint, actor bigint, lifted text, address text, request_id text, OUT verdict text, OUT account text
)
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM users u WHERE u.id = target FOR NO KEY UPDATE;
    verdict := judging_refusal(actor, target);
    IF verdict IS NOT NULL THEN
        RETURN;
    END IF;
    UPDATE sanctions s SET lifted_at = now()
    WHERE s.user_id = target AND s.kind = lifted AND s.until IS NOT NULL AND s.lifted_at IS NULL AND s.until > now();
    verdict := CASE WHEN FOUND THEN 'allowed' ELSE 'unchanged' END;
    IF verdict = 'allowed' THEN
        INSERT INTO audit (action, actor_id, subject_kind, subject_id, address, request_id)
        VALUES (
            CASE lifted WHEN 'mute' THEN 'unmuted' ELSE 'unbanned' END, actor, 'user', target,
            lift_sanction.address, lift_sanction.request_id
        );
    END IF;
    account := (SELECT account_json(u, actor) FROM users u WHERE u.id = target);
END
$$;
