-- Whom reactions name: the first who reacted with each emoji, as many as are shown of a chat's members.
CREATE OR REPLACE FUNCTION reaction_people(reactions jsonb) RETURNS bigint[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE WHEN reactions <> '{}' THEN array(
        SELECT reacted.user_id::bigint FROM jsonb_each(reactions) emoji,
            LATERAL jsonb_array_elements_text(emoji.value) WITH ORDINALITY AS reacted (user_id, place)
        WHERE reacted.place <= 20
    ) END;
END
$$;
