-- Notes for sync a change of this kind for a user; for nobody, where the user is being deleted.
CREATE OR REPLACE FUNCTION note_personal(whose bigint, what text, subject bigint) RETURNS void
    LANGUAGE sql VOLATILE AS $$
    INSERT INTO personal_changes AS p (user_id, kind, subject_id) SELECT u.id, what, subject FROM users u WHERE u.id = whose
    ON CONFLICT (user_id, kind, subject_id) DO UPDATE SET changed = excluded.changed, noted_at = excluded.noted_at
$$;
