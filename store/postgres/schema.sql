-- The tables of a history in PostgreSQL, version 1. Tables, columns and their meanings are those of store/migrations, which
-- has the comments; here is what differs.
--
-- Numbers, codes and flags of exchange, request, response and answered are bigint, so that a row reads as one of SQLite
-- does; flags of the other tables are boolean. Times are ns since 1970. Times of the queue are by the server's clock.
-- A text of a stranger is escaped: see text.go. There is no table of bodies (a long one is compressed out of line), no
-- lookup of webhook ids (an index finds them) and no room for an ending.

CREATE TABLE barb.history (
  version       bigint NOT NULL,           -- of these tables
  last_id       bigint NOT NULL DEFAULT 0, -- the highest id that prune removed
  disorder      bigint NOT NULL DEFAULT 0,
  pin_key       bytea NOT NULL,
  names_removed bigint NOT NULL DEFAULT 0  -- by prune, which counts here under an exclusive lock: see names.go
);

-- Ids come from sequences, outside of transactions: nobody waits for another's, and none is given twice. After a crash of
-- the server a sequence may give ids again whose rows it forgot; see commit.go.
CREATE SEQUENCE barb.exchange_id;
CREATE SEQUENCE barb.queue_id;
CREATE SEQUENCE barb.name_id;
CREATE SEQUENCE barb.run_id;

-- One row for each group that a process has committed lately. A process whose commit was not answered looks here.
CREATE TABLE barb.written (
  writer bigint NOT NULL, -- a random number of the process
  number bigint NOT NULL, -- of the group
  at     bigint NOT NULL, -- ns since 1970 by the server's clock
  PRIMARY KEY (writer, number)
);

-- Processes that deliver, by what they say of themselves: see engine.Worker. Times are ns since 1970 by the server's
-- clock. A row is written every 2 s, so that there is room for its next versions beside it.
CREATE TABLE barb.worker (
  holder  text PRIMARY KEY,
  machine text NOT NULL,
  version text NOT NULL,
  beat    bigint NOT NULL,
  since   bigint NOT NULL,
  seen    bigint NOT NULL,
  claims  bigint[] NOT NULL,
  blocked bigint[] NOT NULL,
  busy    bigint[] NOT NULL
) WITH (fillfactor = 20);

-- sum is the SHA-256 of the text as it was before it was escaped: a long text does not fit into an index.
CREATE TABLE barb.name (
  id   bigint PRIMARY KEY,
  kind bigint NOT NULL,
  sum  bytea NOT NULL,
  text text NOT NULL,
  UNIQUE (kind, sum)
);

-- exchange, request and response are partitioned by ranges of 131072 ids: see partitions.go.
CREATE TABLE barb.exchange (
  id            bigint NOT NULL PRIMARY KEY,
  kind          bigint NOT NULL,
  thread        bigint,
  attempt       bigint NOT NULL,
  start         bigint NOT NULL,
  remote        text,
  endpoint      bigint,
  method        text NOT NULL,
  url           text NOT NULL,
  webhook_id    text,
  event         bigint,
  handshake     text,
  scheme        bigint,
  request_size  bigint NOT NULL,
  webhook       bigint,
  role          bigint,
  ended         bigint NOT NULL,
  failed        bigint NOT NULL,
  verdict       bigint,
  reason        bigint,
  version       bigint,
  secret        bigint,
  age           bigint,
  status        bigint,
  response_size bigint,
  response_cut  bigint,
  took          bigint,
  dns           bigint,
  connect       bigint,
  tls           bigint,
  first_byte    bigint,
  next_in       bigint,
  failure       text,
  failure_text  text,
  ambiguous     bigint,
  permanent     bigint,
  marks         text,
  masks         text,
  exec_exit     bigint,
  exec_took     bigint,
  scripted      text,
  late_for      text,
  late_after    bigint,
  answer        bigint,
  answer_date   bigint,
  answer_body   bytea,
  writer        bigint NOT NULL -- the random number of the process that recorded it
) PARTITION BY RANGE (id);
CREATE INDEX exchange_endpoint ON barb.exchange (endpoint, (status / 100), id);
CREATE INDEX exchange_event ON barb.exchange (event, id) WHERE event IS NOT NULL;
CREATE INDEX exchange_failed ON barb.exchange (id) WHERE failed = 1;
CREATE INDEX exchange_marked ON barb.exchange (id) WHERE marks IS NOT NULL;
-- Exchanges long after the first of their webhook: see windows.go.
CREATE INDEX exchange_late ON barb.exchange (id, webhook) WHERE id - webhook > 4096;
CREATE INDEX exchange_webhook ON barb.exchange (webhook, id) WHERE webhook IS NOT NULL;
CREATE INDEX exchange_webhook_id ON barb.exchange USING hash (webhook_id);

CREATE TABLE barb.request (
  id          bigint NOT NULL PRIMARY KEY,
  head        bytea,
  fields      bytea,
  target      text,
  proto       text,
  trailer     bytea,
  body        bytea,
  chunks      bytea,
  server_name text,
  full_length bigint,
  full_sha256 bytea
) PARTITION BY RANGE (id);
CREATE TABLE barb.response (
  id     bigint NOT NULL PRIMARY KEY,
  head   bytea,
  fields bytea,
  proto  text,
  reason text,
  body   bytea
) PARTITION BY RANGE (id);

-- Makes a partition of each of the three unless it is there: NAME_0 has the ids from 0 to 131071. A process that may only
-- insert needs it, too: so it runs with the rights of the owner, and makes none but the next. ATTACH lets others read and
-- write meanwhile, which CREATE TABLE ... PARTITION OF does not. The lock is lockMake.
CREATE FUNCTION barb.make_partition(number bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  parent text;
  part text;
BEGIN
  IF number < 0 OR number > (SELECT last_value FROM barb.exchange_id) / 131072 + 1 THEN
    RAISE 'there is no use for partition % yet', number;
  END IF;
  PERFORM pg_advisory_xact_lock(1650553442, 1);
  FOREACH parent IN ARRAY ARRAY['exchange', 'request', 'response'] LOOP
    part := parent || '_' || number;
    CONTINUE WHEN EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'barb' AND c.relname = part);
    EXECUTE format('CREATE TABLE barb.%I (LIKE barb.%I INCLUDING ALL)', part, parent);
    EXECUTE format('ALTER TABLE barb.%I ATTACH PARTITION barb.%I FOR VALUES FROM (%s) TO (%s)', parent, part,
      number * 131072, (number + 1) * 131072);
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION barb.make_partition FROM PUBLIC;

-- Bytes of rows that prune has removed from a partition, whose files still have the space: about, and for prune alone.
CREATE TABLE barb.freed (
  partition bigint PRIMARY KEY, -- its number
  bytes     bigint NOT NULL
);

CREATE TABLE barb.answered (
  id    bigint PRIMARY KEY,
  first bigint NOT NULL,
  at    bigint NOT NULL,
  head  bytea NOT NULL
);

CREATE TABLE barb.queue (
  id       bigint PRIMARY KEY,
  kind     bigint NOT NULL,
  thread   bigint NOT NULL,
  target   bigint NOT NULL,
  policy   bigint,
  ord      text,
  lane     bigint,           -- a hash of the texts of target and ord, which stands for both; NULL without ord
  behind   boolean NOT NULL,
  straight boolean NOT NULL,
  state    bigint NOT NULL,
  owner    text,
  due      bigint NOT NULL,
  created  bigint NOT NULL,
  changed  bigint NOT NULL,
  attempts bigint NOT NULL,
  first    bigint,
  last     bigint,
  why      text,
  answered boolean,
  token    bigint            -- a random number of the group that last began an attempt of it or ended its lease
) WITH (fillfactor = 70);
CREATE INDEX queue_due ON barb.queue (kind, target, coalesce(policy, 0), due) WHERE state = 1 AND NOT behind;
CREATE INDEX queue_lane ON barb.queue (lane, behind, id) WHERE state = 1 AND lane IS NOT NULL;
CREATE INDEX queue_owner ON barb.queue (owner) WHERE owner IS NOT NULL;
CREATE INDEX queue_dead ON barb.queue (id) WHERE state = 3;
CREATE INDEX queue_thread ON barb.queue (thread);

CREATE TABLE barb.mirror (
  id   bigint PRIMARY KEY,
  of   bigint NOT NULL,
  same boolean
);
CREATE TABLE barb.pin (
  route  text NOT NULL,
  secret bytea NOT NULL,
  scheme text NOT NULL,
  since  bigint NOT NULL,
  PRIMARY KEY (route, secret)
);
CREATE TABLE barb.run (
  id      bigint PRIMARY KEY,
  created bigint NOT NULL,
  changed bigint NOT NULL,
  options text NOT NULL,
  total   bigint,
  next    bigint NOT NULL,
  open    text NOT NULL,
  owner   text,
  ended   boolean NOT NULL
);
CREATE TABLE barb.remark (
  webhook bigint PRIMARY KEY,
  pinned  boolean NOT NULL,
  note    text NOT NULL
);

-- Pieces of an exchange are kept as long as an entry needs them that is open or dead.
CREATE TABLE barb.kept (
  id     bigint PRIMARY KEY,
  pieces bytea NOT NULL
);
CREATE FUNCTION barb.release_pieces() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM barb.kept WHERE id = OLD.thread
    AND NOT EXISTS (SELECT FROM barb.queue WHERE thread = OLD.thread AND state IN (1, 3));
  RETURN NULL;
END $$;
CREATE TRIGGER kept_ended AFTER UPDATE ON barb.queue FOR EACH ROW
  WHEN (OLD.state <> NEW.state AND NEW.state NOT IN (1, 3)) EXECUTE FUNCTION barb.release_pieces();
-- Prune removes a hundred thousand entries at once.
CREATE FUNCTION barb.release_pieces_of_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM barb.kept k WHERE EXISTS (SELECT FROM purged p WHERE p.thread = k.id)
    AND NOT EXISTS (SELECT FROM barb.queue q WHERE q.thread = k.id AND q.state IN (1, 3));
  RETURN NULL;
END $$;
CREATE TRIGGER kept_purged AFTER DELETE ON barb.queue REFERENCING OLD TABLE AS purged FOR EACH STATEMENT
  EXECUTE FUNCTION barb.release_pieces_of_all();

-- For people.
CREATE VIEW barb.exchanges AS
  SELECT e.id, CASE e.kind WHEN 1 THEN 'sent' ELSE 'received' END AS kind, to_timestamp(e.start / 1e9) AS start,
    e.method, en.text AS endpoint, e.url, e.webhook_id, ev.text AS event, sc.text AS scheme, e.status,
    e.failed = 1 AS failed, e.took / 1e6 AS took_ms, e.attempt, e.thread, coalesce(e.webhook, e.id) AS webhook
  FROM barb.exchange e LEFT JOIN barb.name en ON en.id = e.endpoint LEFT JOIN barb.name ev ON ev.id = e.event
    LEFT JOIN barb.name sc ON sc.id = e.scheme;
