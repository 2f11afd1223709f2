-- A body that was kept only in part: how long it was, and its SHA-256.
ALTER TABLE request ADD COLUMN full_length INTEGER; -- NULL: the body is whole
ALTER TABLE request ADD COLUMN full_sha256 BLOB;
-- prune removes names that no exchange has any more. Their ids are never given again, and a writer that remembers
-- names compares names_removed in each of its transactions.
ALTER TABLE history ADD COLUMN last_name INTEGER NOT NULL DEFAULT 0;     -- the highest id of a name that was removed
ALTER TABLE history ADD COLUMN names_removed INTEGER NOT NULL DEFAULT 0; -- how many so far
CREATE TRIGGER name_removed AFTER DELETE ON name
  BEGIN UPDATE history SET names_removed = names_removed + 1, last_name = max(last_name, OLD.id); END;
