-- What a person has said of a webhook in a view or on the command line. A pinned one is left by pruning.
CREATE TABLE remark (
  webhook INTEGER PRIMARY KEY, -- exchange: the first of the webhook, which may be pruned
  pinned  INTEGER NOT NULL,    -- 1: pinned
  note    TEXT NOT NULL        -- '': none
);
