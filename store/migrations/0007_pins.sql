-- Which scheme a secret has verified on a route: where the scheme is found from what comes, a sender cannot go back to a weaker
-- one. Of the secret only a fingerprint is here, keyed with a value of this history's own: it cannot be compared with another
-- history's or looked up in a table. Trying out secrets against it costs what it costs against a signature that the history
-- holds; secrets of schemes without one, which are sent as they are, have no pin.
ALTER TABLE history ADD COLUMN pin_key BLOB;
UPDATE history SET pin_key = randomblob(32);
CREATE TABLE pin (
  route  TEXT NOT NULL,    -- its path; empty for the paths that no route covers
  secret BLOB NOT NULL,    -- HMAC-SHA256 of the secret under pin_key
  scheme TEXT NOT NULL,
  since  INTEGER NOT NULL, -- ns since 1970
  PRIMARY KEY (route, secret)
) WITHOUT ROWID;
