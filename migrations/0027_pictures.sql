-- What was found out about an upload that is a picture: {"width", "height", "placeholder", "thumbnails": {"small":
-- {"width", "height", "size"}, "medium", "large"}}. NULL as long as it is not known, and for good of other files.
ALTER TABLE uploads
    ADD COLUMN media jsonb,
    -- The beginning of links to its thumbnails, and the secret that signs them.
    ADD COLUMN link_base text,
    ADD COLUMN link_secret text;
