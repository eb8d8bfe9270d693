-- What is to be delivered to somebody who takes only so much a second.
CREATE TABLE resilience_delivery (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  queue text NOT NULL CHECK (length(queue) BETWEEN 1 AND 200),
  -- The same key is enqueued once, for as long as it is here.
  key text CHECK (length(key) BETWEEN 1 AND 200),
  payload json NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  enqueued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Waiting until then. For one that was taken: it comes back then, because its worker must have died.
  due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Tells the worker that has it from those that had it before.
  lease uuid,
  dead_at timestamptz,
  cause text,
  UNIQUE (queue, key)
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX resilience_delivery_due ON resilience_delivery (queue, due_at, id) WHERE dead_at IS NULL;
CREATE INDEX resilience_delivery_dead ON resilience_delivery (queue, id) WHERE dead_at IS NOT NULL;

CREATE TABLE resilience_delivery_queue (
  queue text PRIMARY KEY,
  paused_at timestamptz,
  why text
);
