-- What was a part of a text is a column of its own.
ALTER TABLE exchange ADD COLUMN handshake TEXT;     -- the handshake that a received request is: zoom
ALTER TABLE exchange ADD COLUMN scripted TEXT;      -- what was done to its sender on purpose: reset
ALTER TABLE exchange ADD COLUMN late_for TEXT;      -- the provider that would have given up waiting for the answer
ALTER TABLE exchange ADD COLUMN late_after INTEGER; -- and how long it waits
UPDATE exchange SET handshake = (SELECT substr(text, 11) FROM name WHERE id = event), event = NULL
  WHERE kind = 2 AND event IN (SELECT id FROM name WHERE kind = 2 AND text GLOB 'handshake:*');
UPDATE exchange SET scripted = substr(failure, 10) WHERE kind = 2 AND failure GLOB 'scripted:*';
-- "too slow for slack (3 s): 4.1 s", maybe after what was done on purpose.
UPDATE exchange SET late_for = substr(note, 1, instr(note, ' (') - 1),
    late_after = CAST(round(1e9 * substr(note, instr(note, ' (') + 2)) AS INTEGER)
  FROM (SELECT id AS late, substr(failure_text, instr(failure_text, 'too slow for ') + 13) AS note FROM exchange
    WHERE kind = 2 AND (failure = 'too-slow' OR failure GLOB 'scripted:*') AND failure_text GLOB '*too slow for * (* s): *')
  WHERE id = late;
ALTER TABLE queue ADD COLUMN answered INTEGER;      -- 1: done and not delivered, since its sender has the app's answer
UPDATE queue SET answered = 1 WHERE state = 2 AND why GLOB 'answered to the sender: *';
