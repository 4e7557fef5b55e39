-- What a sender says of a file (a caption, the length of a recording) is kept with the message.

-- It takes more than before. No version that was released calls it but by send_message().
DROP FUNCTION IF EXISTS store_message(
    bigint, bigint, bigint, text, text, text, bigint, bigint[], bigint[], text, integer, boolean, jsonb
);
