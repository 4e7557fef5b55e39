-- Gives people of another messenger an account here. `rows` is a list of {key, fingerprint, username, email, hash,
-- firstName, lastName, displayName, statusText, lastSeenAt, createdAt, userId}. Answers what became of each row.
--
-- outcome: 'known' from an earlier run; 'added'; 'matched' with an account that was here; 'deleted' here since; 'other',
-- where an earlier run knew somebody else under this key, or where `userId` names nobody.
--
-- Whose account is here already is seen by the whole password hash, whose salt nobody else has by chance, or said by the
-- operator as `userId`. An email address or a username alone proves nothing: anybody may have registered it, here or
-- there. So somebody else's name is left to them, and the newcomer gets another username, or no email address.
CREATE OR REPLACE FUNCTION import_users(import integer, rows jsonb)
    RETURNS TABLE (key text, outcome text, username text, has_email boolean)
    LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    given record;
    known record;
    account record;
    candidate text;
    tries integer;
    stem text;
BEGIN
    FOR given IN
        SELECT r.* FROM jsonb_to_recordset(rows) AS r (
            key text, fingerprint text, username text, email text, hash text, "firstName" text, "lastName" text,
            "displayName" text, "statusText" text, "lastSeenAt" timestamptz, "createdAt" timestamptz, "userId" bigint
        )
    LOOP
        key := given.key;
        SELECT i.fingerprint, u.id, u.username, u.email IS NOT NULL AS has_email INTO known
        FROM imported_users i LEFT JOIN users u ON u.id = i.user_id
        WHERE i.import_id = import AND i.key = given.key;
        IF FOUND THEN
            outcome := CASE
                WHEN known.fingerprint <> given.fingerprint THEN 'other' WHEN known.id IS NULL THEN 'deleted' ELSE 'known'
            END;
            username := known.username;
            has_email := known.has_email;
            RETURN NEXT;
            CONTINUE;
        END IF;

        SELECT u.id, u.username, u.email IS NOT NULL AS has_email INTO account FROM users u
        WHERE CASE
            WHEN given."userId" IS NOT NULL THEN u.id = given."userId"
            ELSE (lower(u.username) = lower(given.username) OR lower(u.email) = lower(given.email))
                AND u.password_hash = given.hash AND given.hash NOT LIKE '%....................'
                -- Whom two of the source share a hash with, as users of a demonstration do, are still two.
                AND NOT EXISTS (SELECT FROM imported_users o WHERE o.import_id = import AND o.user_id = u.id)
        END;
        IF FOUND THEN
            outcome := 'matched';
        ELSIF given."userId" IS NOT NULL THEN
            outcome := 'other';
            RETURN NEXT;
            CONTINUE;
        ELSE
            outcome := 'added';
            tries := 0;
            candidate := given.username;
            LOOP
                INSERT INTO users AS u (
                    username, email, password_hash, first_name, last_name, display_name, status_text, last_seen_at,
                    created_at, updated_at
                )
                SELECT candidate,
                    CASE WHEN NOT EXISTS (SELECT FROM users o WHERE lower(o.email) = lower(given.email)) THEN given.email END,
                    given.hash, given."firstName", given."lastName", given."displayName", given."statusText",
                    given."lastSeenAt", given."createdAt", given."createdAt"
                -- Nor may a name look like somebody else's, as at sign-up.
                WHERE NOT EXISTS (SELECT FROM users o WHERE name_skeleton(o.username) = name_skeleton(candidate))
                ON CONFLICT DO NOTHING
                RETURNING u.id, u.username, u.email IS NOT NULL AS has_email INTO account;
                EXIT WHEN FOUND;
                -- The source's own key makes a name that is free more surely than counting does.
                tries := tries + 1;
                stem := CASE tries WHEN 1 THEN left(given.key, 12) ELSE left(given.key, 12) || '-' || tries END;
                candidate := left(given.username, 31 - length(stem)) || '-' || stem;
            END LOOP;
        END IF;
        INSERT INTO imported_users (import_id, key, user_id, fingerprint)
        VALUES (import, given.key, account.id, given.fingerprint);
        username := account.username;
        has_email := account.has_email;
        RETURN NEXT;
    END LOOP;
END
$$;
