-- What the history does not keep of an exchange: the places, never the bytes. JSON; see masks.go.
ALTER TABLE exchange ADD COLUMN masks TEXT;

-- The bytes that masks took away of an exchange, as long as an entry of the queue needs them to deliver what came: it is open
-- or dead. What is delivered, cancelled, purged or pruned needs them no more.
CREATE TABLE kept (
  id     INTEGER PRIMARY KEY, -- exchange
  pieces BLOB NOT NULL        -- JSON: base64 of each mask's piece, in their order; "" of one that is a secret that barb was given
);
CREATE TRIGGER kept_ended AFTER UPDATE OF state ON queue WHEN NEW.state NOT IN (1, 3)
  BEGIN DELETE FROM kept WHERE id = NEW.thread AND NOT EXISTS (SELECT 1 FROM queue WHERE thread = NEW.thread AND state IN (1, 3)); END;
CREATE TRIGGER kept_purged AFTER DELETE ON queue
  BEGIN DELETE FROM kept WHERE id = OLD.thread AND NOT EXISTS (SELECT 1 FROM queue WHERE thread = OLD.thread AND state IN (1, 3)); END;
CREATE TRIGGER kept_pruned AFTER DELETE ON exchange
  BEGIN DELETE FROM kept WHERE id = OLD.id; END;
