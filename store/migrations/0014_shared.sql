-- A body that many requests have is kept once. Its id is that of an exchange, because such an id is never given again.
CREATE TABLE body (
  id   INTEGER PRIMARY KEY, -- exchange: the first whose body is here
  refs INTEGER NOT NULL,    -- how many requests have it
  data BLOB NOT NULL
);
ALTER TABLE request ADD COLUMN shared INTEGER; -- body; NULL: the column body has it
CREATE TRIGGER body_released AFTER DELETE ON request WHEN OLD.shared IS NOT NULL
  BEGIN
    UPDATE body SET refs = refs - 1 WHERE id = OLD.shared;
    DELETE FROM body WHERE id = OLD.shared AND refs < 1;
  END;
