-- Events that were written together with the state they tell of, until a relay has published them.
CREATE TABLE outbox (
  -- Drawn while the key is locked (append does that), so within a key it is the order of the commits.
  sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- From the key. Relays share the partitions among them.
  partition smallint NOT NULL CHECK (partition BETWEEN 0 AND 15),
  key text NOT NULL,
  event json NOT NULL,
  event_bytes integer NOT NULL,
  appended_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (
  -- Rows live for moments: without this the table would be a graveyard before the vacuum comes by.
  autovacuum_vacuum_scale_factor = 0.0,
  autovacuum_vacuum_threshold = 2000,
  autovacuum_vacuum_insert_threshold = -1,
  autovacuum_analyze_scale_factor = 0.0,
  autovacuum_analyze_threshold = 20000
);
