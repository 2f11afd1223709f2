-- What the listener noticed about a webhook and the command it ran for it. Most rows have neither: a byte each.
ALTER TABLE exchange ADD COLUMN marks TEXT;         -- ",duplicate:17,filtered:0,"; see marks.go
ALTER TABLE exchange ADD COLUMN exec_exit INTEGER;  -- as in a shell: 124 took too long, 126 not started, 128+n signal n
ALTER TABLE exchange ADD COLUMN exec_took INTEGER;  -- ns
CREATE INDEX exchange_marked ON exchange (id) WHERE marks IS NOT NULL;
