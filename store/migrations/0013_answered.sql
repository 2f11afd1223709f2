-- An answer that nothing can change any more is recorded with its webhook, before it goes out: exchange.ended is 2, and status
-- and response_size are those of the answer. That it went out is told here, in one row for all webhooks with ids that follow
-- each other and with the same head of their answer. A webhook that no row covers was not answered, as after a kill.
CREATE TABLE answered (
  id    INTEGER PRIMARY KEY, -- exchange: the last one
  first INTEGER NOT NULL,    -- exchange: the first one
  at    INTEGER NOT NULL,    -- ns since 1970: when the last of the answers was written
  head  BLOB NOT NULL        -- of each answer, exactly as on the wire; there is no body
);
-- prune moves last_id. Rows whose webhooks it has removed are at the old end of the history.
CREATE TRIGGER answered_pruned AFTER UPDATE OF last_id ON history
  BEGIN DELETE FROM answered WHERE id < ifnull((SELECT min(id) FROM exchange), 9e18); END;
