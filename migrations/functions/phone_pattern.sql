-- Digits that may be a phone number, however they are grouped.
CREATE OR REPLACE FUNCTION phone_pattern() RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN '\+?[0-9](?:[ \u00A0().\-/\u2010-\u2015\u2212]{0,3}[0-9]){4,39}';
