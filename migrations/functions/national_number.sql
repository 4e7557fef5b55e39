-- The part of a phone number that everybody writes: without the country's code (+7, 0044, or the first digits of a long
-- number) and without the digit that is dialled in its place within the country (8 in Russia, else 0).
CREATE OR REPLACE FUNCTION national_number(written text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    -- Countries' codes, of one, two and three digits: none begins another.
    code CONSTANT text := '^(?:[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]'
        '|(?:2[1-689]|3[578]|42|5[09]|6[7-9]|8[035789]|9[679])[0-9])';
    digits text := regexp_replace(written, '[^0-9]+', '', 'g');
    national text;
BEGIN
    national := CASE
        WHEN written ~ '^\+' THEN regexp_replace(digits, code, '')
        WHEN digits ~ '^00' THEN regexp_replace(substr(digits, 3), code, '')
        WHEN digits ~ '^0' THEN digits
        WHEN digits ~ '^8[0-9]{10}$' THEN substr(digits, 2)
        WHEN length(digits) >= 11 THEN regexp_replace(digits, code, '')
        ELSE digits
    END;
    national := regexp_replace(national, '^0', '');
    RETURN CASE WHEN length(national) >= 7 THEN national ELSE digits END;
END
$$;
