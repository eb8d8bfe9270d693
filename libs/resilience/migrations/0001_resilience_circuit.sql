-- Circuits that the instances of this service share. Its rules are in the instances; a change is conditional on the
-- version, so that two who decide at the same time cannot both be right.
CREATE TABLE resilience_circuit (
  name text PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 200),
  version bigint NOT NULL,
  -- Its times are milliseconds since 1970 on this server's clock.
  circuit jsonb NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
