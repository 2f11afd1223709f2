-- Deliveries that are still to be made, and what became of those that were.
CREATE TABLE queue (
  id       INTEGER PRIMARY KEY,
  kind     INTEGER NOT NULL, -- 1 a forward, 2 a message: who can deliver it
  thread   INTEGER NOT NULL, -- exchange: what is delivered
  target   INTEGER NOT NULL, -- name
  policy   INTEGER,          -- name: JSON
  ord      TEXT,             -- those of one target and ord are delivered one after the other; NULL: whenever they are due
  behind   INTEGER NOT NULL, -- an open one of the same target and ord comes first; exactly one of them has 0
  straight INTEGER NOT NULL, -- whoever put it in delivers it at once, beside others of its ord
  state    INTEGER NOT NULL, -- 1 open, 2 done, 3 dead, 4 cancelled
  owner    TEXT,             -- who has the lease of an open one; NULL: nobody
  due      INTEGER NOT NULL, -- ns since 1970: when an open one is to be delivered, or when its lease ends
  created  INTEGER NOT NULL, -- ns since 1970
  changed  INTEGER NOT NULL, -- ns since 1970: its last lease, attempt or change of state
  attempts INTEGER NOT NULL, -- begun
  first    INTEGER,          -- exchange: the first attempt
  last     INTEGER,          -- exchange: the last attempt
  why      TEXT              -- why the last attempt did not deliver it
);
CREATE INDEX queue_due ON queue (kind, target, due) WHERE state = 1 AND behind = 0;
CREATE INDEX queue_ord ON queue (target, ord, behind) WHERE state = 1 AND ord IS NOT NULL;
CREATE INDEX queue_owner ON queue (owner) WHERE owner IS NOT NULL;
CREATE INDEX queue_dead ON queue (state) WHERE state = 3;
CREATE INDEX queue_thread ON queue (thread);

-- Forwards that went to a mirror, and how its answer compares to that of the app.
CREATE TABLE mirror (
  id   INTEGER PRIMARY KEY, -- exchange
  of   INTEGER NOT NULL,    -- exchange: the forward to the app
  same INTEGER              -- 1 the same status and body, 0 not; NULL: not known
);
