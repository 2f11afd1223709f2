-- Finds exchanges by their webhook id: see package lookup. A block is 4096 ids of exchanges; it is added after all of them
-- were recorded, and spread over 64 buckets by the hash of the webhook id, so that a webhook id is looked for in one.
CREATE TABLE lookup (
  bucket  INTEGER NOT NULL,
  block   INTEGER NOT NULL, -- the ids of exchanges divided by 4096
  entries BLOB NOT NULL,    -- 5 bytes each: 3 of the hash, and the id within its block
  PRIMARY KEY (bucket, block)
) WITHOUT ROWID;
