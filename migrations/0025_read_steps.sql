-- When an earlier message was read is known although later ones were read since: each move of a member's read mark over
-- messages of others is a step. A member's last hundred steps in a chat are kept.
CREATE TABLE read_steps (
    chat_id bigint NOT NULL,
    user_id bigint NOT NULL,
    -- What is above `after_seq`, up to `seq`, was read at this time.
    after_seq bigint NOT NULL,
    seq bigint NOT NULL,
    read_at timestamptz NOT NULL,
    PRIMARY KEY (chat_id, user_id, seq),
    FOREIGN KEY (chat_id, user_id) REFERENCES members ON DELETE CASCADE
);

-- It answers more than before. No version that was released calls it but by send_message().
DROP FUNCTION IF EXISTS store_message(
    bigint, bigint, bigint, text, text, text, bigint, bigint[], bigint[], text, integer, boolean, jsonb
);
