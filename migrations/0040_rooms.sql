-- Rooms: calls of more than four people, in meetings of the Amazon Chime SDK. Who is in a call says its row, as before.

-- How many may take part. A call of more than four is a room.
ALTER TABLE calls ADD COLUMN size integer NOT NULL DEFAULT 4;

-- The meeting of a room, as Chime has it. A row stays until the meeting is deleted, also where the call is gone with its
-- chat.
CREATE TABLE call_meetings (
    meeting_id text PRIMARY KEY,
    call_id bigint UNIQUE REFERENCES calls ON DELETE SET NULL,
    meeting jsonb NOT NULL
);

-- What lets a device of a user into a meeting. A row stays until Chime has forgotten it, also where the user is gone.
CREATE TABLE call_attendees (
    attendee_id text PRIMARY KEY,
    meeting_id text NOT NULL REFERENCES call_meetings ON DELETE CASCADE,
    user_id bigint NOT NULL,
    session_id bigint NOT NULL,
    attendee jsonb NOT NULL,
    UNIQUE (meeting_id, user_id, session_id)
);
