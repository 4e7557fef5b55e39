-- What a message's reactions are once this user has reacted, or has taken the reaction back.
CREATE OR REPLACE FUNCTION with_reaction(reactions jsonb, emoji text, user_id bigint, wanted boolean) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN wanted = coalesce(reactions -> emoji @> to_jsonb(user_id), false) THEN reactions
        WHEN wanted
            THEN jsonb_set(reactions, ARRAY[emoji], coalesce(reactions -> emoji, '[]') || to_jsonb(user_id))
        WHEN jsonb_array_length(reactions -> emoji) = 1 THEN reactions - emoji
        ELSE jsonb_set(reactions, ARRAY[emoji], (
            SELECT jsonb_agg(reacted ORDER BY place)
            FROM jsonb_array_elements(reactions -> emoji) WITH ORDINALITY AS given (reacted, place)
            WHERE reacted <> to_jsonb(user_id)
        ))
    END;
