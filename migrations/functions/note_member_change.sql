-- Notes which transaction changed a member, and what others may see of it.
CREATE OR REPLACE FUNCTION note_member_change() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.read_seq > NEW.delivered_seq THEN
        RAISE check_violation USING MESSAGE = 'a member has read more than was delivered to them';
    END IF;
    NEW.changed := pg_current_xact_id();
    IF NEW.profile_changed IS DISTINCT FROM OLD.profile_changed THEN
        NEW.own_changed := coalesce(OLD.own_changed, OLD.changed);
    ELSE
        NEW.own_changed := NEW.changed;
    END IF;
    IF NEW.delivered_seq <> OLD.delivered_seq THEN
        NEW.delivered_changed := NEW.changed;
    END IF;
    IF NEW.read_seq <> OLD.read_seq THEN
        NEW.read_at := clock_timestamp();
        NEW.read_after := OLD.read_seq;
    END IF;
    IF NEW.read_receipts <> OLD.read_receipts OR (NEW.read_receipts AND NEW.read_seq <> OLD.read_seq) THEN
        NEW.read_changed := NEW.changed;
    END IF;
    RETURN NEW;
END
$$;
