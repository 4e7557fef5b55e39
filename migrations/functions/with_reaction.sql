-- What a message's reactions are once this user has reacted, or has taken the reaction back. Emoji that differ in
-- variation selectors alone are one: their users are put together under the given emoji.
CREATE OR REPLACE FUNCTION with_reaction(reactions jsonb, emoji text, user_id bigint, wanted boolean) RETURNS jsonb
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (
        WITH same AS MATERIALIZED (
            SELECT form.key, form.value FROM jsonb_each(reactions) form
            WHERE translate(form.key, U&'\FE0E\FE0F', '') = translate(emoji, U&'\FE0E\FE0F', '')
        ),
        given AS (
            SELECT one.value AS reacted, row_number() OVER (ORDER BY same.key <> emoji, same.key, one.place) AS place
            FROM same, jsonb_array_elements(same.value) WITH ORDINALITY AS one (value, place)
            UNION ALL
            SELECT to_jsonb(user_id), 9223372036854775807 WHERE wanted -- who is new comes last
        ),
        people AS (
            SELECT given.reacted, min(given.place) AS place FROM given
            WHERE wanted OR given.reacted <> to_jsonb(user_id)
            GROUP BY given.reacted
        )
        SELECT (reactions - array(SELECT same.key FROM same)) || coalesce((
            SELECT jsonb_build_object(emoji, jsonb_agg(people.reacted ORDER BY people.place))
            FROM people HAVING count(*) > 0
        ), '{}')
    );
