-- How a request came, beyond its head and body.
ALTER TABLE request ADD COLUMN chunks BLOB;      -- the framing of a chunked body exactly as on the wire
ALTER TABLE request ADD COLUMN server_name TEXT; -- that the sender asked for over TLS
