-- The ids of the queue are never given again either: whoever is still at an entry that was removed, a worker with its
-- attempt or a person with its number, must not find another one under it.
ALTER TABLE history ADD COLUMN last_queued INTEGER NOT NULL DEFAULT 0; -- the highest id that was removed from the queue
CREATE TRIGGER queue_removed AFTER DELETE ON queue WHEN OLD.id > (SELECT last_queued FROM history)
  BEGIN UPDATE history SET last_queued = OLD.id; END;
