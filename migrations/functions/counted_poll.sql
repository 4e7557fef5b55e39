-- A message's details with the votes of its poll counted anew. Who voted is told of a poll that is not anonymous.
CREATE OR REPLACE FUNCTION counted_poll(details jsonb, chat bigint, message_seq bigint) RETURNS jsonb
    LANGUAGE sql STABLE
    RETURN jsonb_set(details, '{poll}', details -> 'poll' || jsonb_build_object(
        'voterCount', (
            SELECT count(*) FROM poll_votes v
            WHERE v.chat_id = chat AND v.seq = message_seq AND v.options <> '{}'
        ),
        'options', (
            SELECT jsonb_agg(jsonb_build_object(
                'text', given.option -> 'text', 'voteCount', cardinality(votes.voters),
                'voters', CASE WHEN (details #>> '{poll,isAnonymous}')::boolean THEN '{}' ELSE votes.voters END
            ) ORDER BY given.place)
            FROM jsonb_array_elements(details #> '{poll,options}') WITH ORDINALITY AS given (option, place), LATERAL (
                SELECT array(
                    SELECT v.user_id FROM poll_votes v
                    WHERE v.chat_id = chat AND v.seq = message_seq AND v.options @> ARRAY[(given.place - 1)::smallint]
                    ORDER BY v.voted_at, v.user_id
                ) AS voters
            ) votes
        )
    ));
