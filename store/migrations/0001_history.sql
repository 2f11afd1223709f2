-- One row for the whole history.
CREATE TABLE history (
  last_id  INTEGER NOT NULL, -- the highest id that prune removed: ids are never given again
  disorder INTEGER NOT NULL  -- ns; no exchange starts earlier than one before it in id order by more than this
);
INSERT INTO history VALUES (0, 0);

-- Words that come again and again. They are never removed, so that a process may remember their ids.
CREATE TABLE name (
  id   INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL, -- see names.go
  text TEXT NOT NULL,
  UNIQUE (kind, text)
);

-- The narrow part of an exchange, in the order of recording. Durations are ns.
CREATE TABLE exchange (
  id            INTEGER PRIMARY KEY,
  kind          INTEGER NOT NULL, -- 1 sent, 2 received
  thread        INTEGER,
  attempt       INTEGER NOT NULL,
  start         INTEGER NOT NULL, -- ns since 1970
  remote        TEXT,
  endpoint      INTEGER,          -- name: host[:port] of the URL
  method        TEXT NOT NULL,
  url           TEXT NOT NULL,    -- without the endpoint, which belongs behind its "://"
  webhook_id    TEXT,
  event         INTEGER,          -- name
  scheme        INTEGER,          -- name
  request_size  INTEGER NOT NULL,
  -- how it ended
  ended         INTEGER NOT NULL,
  failed        INTEGER NOT NULL, -- sent and not delivered; received and refused or badly signed
  verdict       INTEGER,          -- 1 valid, 2 invalid
  reason        INTEGER,          -- name
  version       INTEGER,          -- name
  secret        INTEGER,          -- name: a reference, never the secret
  age           INTEGER,
  status        INTEGER,          -- NULL when nothing came back
  response_size INTEGER,
  response_cut  INTEGER,
  took          INTEGER,
  dns           INTEGER,
  connect       INTEGER,
  tls           INTEGER,
  first_byte    INTEGER,
  next_in       INTEGER,
  failure       TEXT,
  failure_text  TEXT,
  ambiguous     INTEGER,
  permanent     INTEGER,
  room          BLOB              -- as long as the usual ending, which takes its place without splitting a full page
);
-- Each ends in the id, so what it finds is in the order of ids.
CREATE INDEX exchange_endpoint ON exchange (endpoint, status / 100);
CREATE INDEX exchange_failed ON exchange (failed) WHERE failed = 1;
CREATE INDEX exchange_thread ON exchange (thread) WHERE thread IS NOT NULL;

-- The wide part: what is NULL here follows from the head, or is empty.
CREATE TABLE request (
  id      INTEGER PRIMARY KEY,
  head    BLOB, -- exactly as on the wire
  fields  BLOB, -- the header fields where there is no head, or where it does not tell; see fields.go
  target  TEXT,
  proto   TEXT,
  trailer BLOB, -- as fields
  body    BLOB
);
CREATE TABLE response (
  id     INTEGER PRIMARY KEY,
  head   BLOB,
  fields BLOB,
  proto  TEXT,
  reason TEXT,
  body   BLOB
);
