-- The time of a change, as a message keeps it: each state of a message has a later one on the wire, which has
-- milliseconds, than the state before.
CREATE OR REPLACE FUNCTION next_update(m messages, moment timestamptz) RETURNS timestamptz
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN greatest(moment, m.updated_at + interval '1 millisecond');
