-- Whether a moment is in a user's quiet hours, which may go over midnight. A zone that PostgreSQL no longer knows counts
-- as UTC.
CREATE OR REPLACE FUNCTION quiet_at(chosen notification_choices, moment timestamptz) RETURNS boolean
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    here timestamp;
    minute integer;
BEGIN
    IF chosen.quiet_from IS NULL THEN
        RETURN false;
    END IF;
    BEGIN
        here := moment AT TIME ZONE chosen.time_zone;
    EXCEPTION WHEN invalid_parameter_value THEN
        here := moment AT TIME ZONE 'UTC';
    END;
    minute := extract(hour FROM here) * 60 + extract(minute FROM here);
    RETURN CASE WHEN chosen.quiet_from <= chosen.quiet_until
        THEN minute >= chosen.quiet_from AND minute < chosen.quiet_until
        ELSE minute >= chosen.quiet_from OR minute < chosen.quiet_until
    END;
END
$$;
