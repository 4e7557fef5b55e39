-- Whether a user lets another one see when they are or were there. `rule` is a value of users.shows_last_seen.
CREATE OR REPLACE FUNCTION lets_see(rule text, of_user bigint, viewer bigint) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN rule = 'everyone' OR (
        rule = 'contacts' AND EXISTS (SELECT FROM contacts WHERE owner_id = of_user AND user_id = viewer)
    );
END
$$;
