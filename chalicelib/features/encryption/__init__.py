"""Keys of devices for end-to-end encryption: a directory, and a log that can be verified."""
