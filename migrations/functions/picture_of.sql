-- An upload that becomes an avatar: the owner's own, complete, and an image that every browser shows. NULL of NULL.
CREATE OR REPLACE FUNCTION picture_of(upload bigint, owner bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    IF upload IS NOT NULL AND NOT EXISTS (
        SELECT FROM uploads u
        WHERE u.id = upload AND u.owner_id = owner AND u.state = 'ready'
            AND u.content_type IN ('image/png', 'image/jpeg', 'image/gif', 'image/webp')
    ) THEN
        RAISE EXCEPTION 'not a picture' USING ERRCODE = 'MS422';
    END IF;
    RETURN upload;
END
$$;
