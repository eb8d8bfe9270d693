-- Token buckets that the instances of this service share. A bucket is the moment at which it would be full again, so
-- that tokens drop into it by the mere passing of time.
CREATE TABLE resilience_bucket (
  name text PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 200),
  full_at timestamptz NOT NULL,
  -- The end of a penalty.
  closed_until timestamptz NOT NULL DEFAULT '-infinity'
) WITH (
  -- One row, changed with each token: room for its next versions on the same page.
  fillfactor = 20,
  autovacuum_vacuum_scale_factor = 0.0,
  autovacuum_vacuum_threshold = 1000
);
