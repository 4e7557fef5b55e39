-- Whether as many others as may take part in a call are there or ring already.
CREATE OR REPLACE FUNCTION call_is_full(the_call bigint, actor bigint, most integer) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (
        SELECT count(*) >= most FROM call_parties p
        WHERE p.call_id = the_call AND p.user_id <> actor AND p.state IN ('joined', 'ringing')
    );
