-- What a consumer has handled, written in the transaction of the effect.
CREATE TABLE inbox (
  consumer text NOT NULL,
  source text NOT NULL,
  event_id text NOT NULL,
  handled_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (consumer, source, event_id)
);
CREATE INDEX inbox_handled_at ON inbox (handled_at);

-- Events that failed and are to be tried again, each followed by the later ones of its key.
CREATE TABLE inbox_waiting (
  -- Drawn under the lock of the partition, so within a key it is the order of delivery.
  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  consumer text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  position bigint NOT NULL,
  key text NOT NULL,
  source text NOT NULL,
  event_id text NOT NULL,
  event json NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  -- Only the first of a key has a time; the others wait for it to leave.
  next_attempt_at timestamptz,
  first_failed_at timestamptz,
  last_failed_at timestamptz,
  cause text,
  UNIQUE (consumer, source, event_id)
);
CREATE INDEX inbox_waiting_by_key ON inbox_waiting (consumer, topic, key, sequence);
CREATE UNIQUE INDEX inbox_waiting_first ON inbox_waiting (consumer, topic, key)
  WHERE next_attempt_at IS NOT NULL;
CREATE INDEX inbox_waiting_due ON inbox_waiting (consumer, next_attempt_at)
  WHERE next_attempt_at IS NOT NULL;

CREATE TABLE inbox_dead_letter (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  consumer text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  position bigint NOT NULL,
  key text NOT NULL,
  source text NOT NULL,
  event_id text NOT NULL,
  event json NOT NULL,
  attempts integer NOT NULL,
  first_failed_at timestamptz NOT NULL,
  last_failed_at timestamptz NOT NULL,
  cause text NOT NULL,
  UNIQUE (consumer, source, event_id)
);

-- The audit log has a schema of its own, because in `public` the service's role may change and delete rows.
-- PUBLIC is here the owner and the service's role: nobody else can connect to this database.
CREATE SCHEMA IF NOT EXISTS audit;
CREATE TABLE audit.dead_letter_action (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  action text NOT NULL CHECK (action IN ('replayed', 'discarded')),
  actor_id text NOT NULL,
  actor_name text NOT NULL,
  why text CHECK (length(why) BETWEEN 3 AND 500),
  -- The dead letter as it was; its row is gone.
  dead_letter_id bigint NOT NULL,
  dead_letter json NOT NULL,
  CHECK (action = 'replayed' OR why IS NOT NULL)
);
GRANT USAGE ON SCHEMA audit TO PUBLIC;
GRANT SELECT, INSERT ON audit.dead_letter_action TO PUBLIC;
