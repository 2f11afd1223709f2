-- Which exchanges are one webhook: a received one with its forwards and redeliveries, a sent one with its attempts.
ALTER TABLE exchange ADD COLUMN webhook INTEGER; -- exchange: the first of its webhook; NULL: this is the first
ALTER TABLE exchange ADD COLUMN role INTEGER;    -- what it is there: see record.Role; NULL: the first
-- A duplicate repeats the webhook that its mark names.
UPDATE exchange SET thread = CAST(substr(marks, instr(marks, ',duplicate:') + 11) AS INTEGER), role = 2
  WHERE kind = 2 AND thread IS NULL AND marks IS NOT NULL AND instr(marks, ',duplicate:') AND webhook_id IS
    (SELECT o.webhook_id FROM exchange o WHERE o.id = CAST(substr(exchange.marks, instr(exchange.marks, ',duplicate:') + 11) AS INTEGER));
-- First attempts of what repeats an exchange: forwards and mirrors began before the sender had an answer or come from the
-- queue; a replay with another id is a webhook of its own (7); one to another place than the forwards is of no account (6).
UPDATE exchange SET role = found FROM (
    SELECT c.id AS child, CASE
      WHEN p.kind = 1 AND p.attempt = 0 THEN 1
      WHEN c.webhook_id IS NOT p.webhook_id THEN 7
      WHEN EXISTS (SELECT 1 FROM mirror m WHERE m.id = c.id) THEN 4
      WHEN p.kind = 2 AND (p.ended = 0 OR c.start < p.start + ifnull(p.took, 0) OR EXISTS (SELECT 1 FROM queue q WHERE q.first = c.id)) THEN 3
      WHEN p.kind = 1 AND p.endpoint IS c.endpoint AND p.url = c.url THEN 5
      WHEN p.kind = 2 AND EXISTS (SELECT 1 FROM exchange f INDEXED BY exchange_thread WHERE f.thread = p.id AND f.id < c.id
        AND f.endpoint IS c.endpoint AND f.start < p.start + ifnull(p.took, 0)
        AND NOT EXISTS (SELECT 1 FROM mirror m WHERE m.id = f.id)) THEN 5
      ELSE 6 END AS found
    FROM exchange c INDEXED BY exchange_thread JOIN exchange p ON p.id = c.thread
    WHERE c.thread IS NOT NULL AND c.kind = 1 AND c.attempt = 1)
  WHERE id = child;
-- The first of each: up from thread to thread, unless one is a webhook of its own.
UPDATE exchange SET webhook = root, role = ifnull(role, took_from) FROM (
    WITH RECURSIVE tree(id, root, took_from) AS (
      SELECT c.id, c.thread, ifnull(c.role, 1) FROM exchange c INDEXED BY exchange_thread
        WHERE c.thread IS NOT NULL AND c.role IS NOT 7
          AND NOT EXISTS (SELECT 1 FROM exchange p WHERE p.id = c.thread AND p.thread IS NOT NULL AND p.role IS NOT 7)
      UNION ALL SELECT c.id, tree.root, ifnull(c.role, tree.took_from) FROM tree
        JOIN exchange c INDEXED BY exchange_thread ON c.thread = tree.id WHERE c.role IS NOT 7)
    SELECT id AS child, root, took_from FROM tree)
  WHERE id = child;
DROP INDEX exchange_thread;
CREATE INDEX exchange_webhook ON exchange (webhook) WHERE webhook IS NOT NULL;
