-- The one group that everybody may use, which nobody owns. Its number is known without asking, and far from where the
-- others will ever come.
CREATE OR REPLACE FUNCTION common_room_id() RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 1000000000000;
