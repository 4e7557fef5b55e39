-- Whether nobody is left to talk with: fewer than two are there or ring, or those who ring have nobody to answer.
CREATE OR REPLACE FUNCTION call_is_over(the_call bigint) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (
        SELECT count(*) < 2 OR count(*) FILTER (WHERE p.state = 'joined') = 0
        FROM call_parties p WHERE p.call_id = the_call AND p.state IN ('joined', 'ringing')
    );
