-- The verdict on who reads the keys of a user: 'not_found' or 'blocked', NULL where they may. Whoever may write to
-- somebody may encrypt for them.
CREATE OR REPLACE FUNCTION keys_refusal(viewer bigint, owner bigint) RETURNS text
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE
        WHEN viewer = owner THEN NULL
        WHEN NOT EXISTS (SELECT FROM users u WHERE u.id = owner AND u.erased_at IS NULL) THEN 'not_found'
        WHEN is_blocked(viewer, owner) THEN 'blocked'
    END;
END
$$;
