-- What the message of a call says to clients that do not word it themselves.
CREATE OR REPLACE FUNCTION call_words(c calls) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE c.status
        WHEN 'missed' THEN 'Missed ' || c.type || ' call'
        WHEN 'declined' THEN 'Declined ' || c.type || ' call'
        WHEN 'busy' THEN 'Missed ' || c.type || ' call: the line was busy'
        WHEN 'failed' THEN 'Failed ' || c.type || ' call'
        ELSE initcap(c.type) || ' call, ' || to_char(date_trunc('second', c.ended_at - c.answered_at), 'HH24:MI:SS')
    END;
