-- Many messages that are sent as one. A run goes on where it stopped: its messages are begun in the order of their
-- numbers, so all that was done is below next and not in open.
CREATE TABLE run (
  id      INTEGER PRIMARY KEY,
  created INTEGER NOT NULL, -- ns since 1970
  changed INTEGER NOT NULL, -- ns since 1970: when its sender last gave a sign of life
  options TEXT NOT NULL,    -- JSON: what to send and how; never a secret
  total   INTEGER,          -- messages; NULL: not known before the end
  next    INTEGER NOT NULL, -- the first one, counted from 0, that was not begun
  open    TEXT NOT NULL,    -- those below next that have not come to their end, "17,40"
  owner   TEXT,             -- who sends it now; NULL: nobody
  ended   INTEGER NOT NULL  -- 1 nothing of it is left to be sent
);
