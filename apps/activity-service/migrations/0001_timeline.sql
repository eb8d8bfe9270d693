-- Events that were consumed and have no place in the timeline yet. Consumers write here side by side, in transactions
-- that may commit in any order; a row is gone as soon as place_arrivals has given it its place.
CREATE TABLE arrival (
  -- Within a key the order of delivery, because one transaction at a time works on a partition.
  n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source text NOT NULL,
  event_id text NOT NULL,
  type text NOT NULL,
  context text NOT NULL,
  subject text NOT NULL,
  "time" timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  trace_id text,
  about text[] NOT NULL,
  person text,
  erases text,
  summary text NOT NULL,
  -- json, because jsonb takes no U+0000.
  data json NOT NULL,
  personal json,
  UNIQUE (source, event_id)
) WITH (
  -- Rows live for moments: without this the table would be a graveyard before the vacuum comes by.
  autovacuum_vacuum_scale_factor = 0.0,
  autovacuum_vacuum_threshold = 2000,
  autovacuum_vacuum_insert_threshold = -1,
  autovacuum_analyze_scale_factor = 0.0,
  autovacuum_analyze_threshold = 20000
);

-- What happened, in the order in which it became visible here: ids have no gaps, and what is behind a row never changes
-- its place. Who has seen an id has seen everything below it.
CREATE TABLE activity (
  id bigint PRIMARY KEY,
  source text NOT NULL,
  event_id text NOT NULL,
  type text NOT NULL,
  context text NOT NULL,
  subject text NOT NULL,
  "time" timestamptz NOT NULL,
  received_at timestamptz NOT NULL,
  trace_id text,
  -- Ids of the aggregates that it is about: its subject, an article commented on, a person.
  about text[] NOT NULL,
  -- Id of the account that the personal part is about.
  person text,
  -- One sentence that names no reader.
  summary text NOT NULL,
  data json NOT NULL,
  -- {summary, data}: what has to go with the comment or the account. Null: there is none, or it is gone.
  personal json,
  erased_at timestamptz,
  UNIQUE (source, event_id)
);
CREATE INDEX activity_by_type ON activity (type, id);
CREATE INDEX activity_by_context ON activity (context, id);
CREATE INDEX activity_by_subject ON activity (subject, id);
CREATE INDEX activity_by_trace ON activity (trace_id, id) WHERE trace_id IS NOT NULL;
CREATE INDEX activity_by_time ON activity ("time");
CREATE INDEX activity_about ON activity USING gin (about);

-- One row: the last id. Its lock makes places a matter of one transaction at a time.
CREATE TABLE timeline (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  head bigint NOT NULL DEFAULT 0 CHECK (head >= 0)
) WITH (fillfactor = 50);
INSERT INTO timeline DEFAULT VALUES;

CREATE TABLE counter (
  type text PRIMARY KEY,
  count bigint NOT NULL CHECK (count > 0),
  last_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Comments and accounts that are gone: what comes late about them is stored without its personal part.
CREATE TABLE erasure (
  key text PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Whether older activities have been gone through.
  done boolean NOT NULL DEFAULT false
);
CREATE INDEX erasure_pending ON erasure (key) WHERE NOT done;

-- Moves arrivals into the timeline: places, counters and erasures in one short transaction, one at a time. It is called as
-- a statement of its own, so no client that hangs can hold the lock. `more`: there was more to do than one call does.
CREATE FUNCTION place_arrivals(most integer, OUT placed integer, OUT erased integer, OUT more boolean, OUT head bigint)
LANGUAGE plpgsql
-- A plan that was made while the tables were small would stay for as long as the connection does.
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  taken bigint[];
  pending text[];
  before bigint;
BEGIN
  placed := 0;
  erased := 0;
  more := false;
  IF NOT EXISTS (SELECT FROM arrival) AND NOT EXISTS (SELECT FROM erasure WHERE NOT done) THEN
    SELECT timeline.head INTO STRICT head FROM timeline;
    RETURN;
  END IF;

  SELECT timeline.head INTO STRICT before FROM timeline FOR UPDATE;
  SELECT coalesce(array_agg(first.n), '{}') INTO taken
    FROM (SELECT arrival.n FROM arrival ORDER BY arrival.n LIMIT most) AS first;

  INSERT INTO erasure (key)
    SELECT DISTINCT arrival.erases FROM arrival WHERE arrival.n = ANY (taken) AND arrival.erases IS NOT NULL
    ON CONFLICT DO NOTHING;

  WITH fresh AS (
    SELECT arrival.*, before + row_number() OVER (ORDER BY arrival.n) AS id,
      arrival.personal IS NOT NULL
        AND EXISTS (SELECT FROM erasure WHERE erasure.key = ANY (arrival.about)) AS gone
    FROM arrival
    WHERE arrival.n = ANY (taken) AND NOT EXISTS (
      SELECT FROM activity
      WHERE activity.source = arrival.source AND activity.event_id = arrival.event_id)
  ), inserted AS (
    INSERT INTO activity (id, source, event_id, type, context, subject, "time", received_at, trace_id, about, person,
        summary, data, personal, erased_at)
    SELECT id, source, event_id, type, context, subject, "time", received_at, trace_id,
      CASE WHEN gone AND person <> subject THEN array_remove(about, person) ELSE about END,
      CASE WHEN gone THEN NULL ELSE person END,
      summary, data,
      CASE WHEN gone THEN NULL ELSE personal END,
      CASE WHEN gone THEN clock_timestamp() END
    FROM fresh ORDER BY id
    RETURNING activity.type, activity."time"
  ), counted AS (
    INSERT INTO counter (type, count, last_at)
    SELECT inserted.type, count(*), max(inserted."time") FROM inserted GROUP BY inserted.type
    ON CONFLICT (type) DO UPDATE SET count = counter.count + excluded.count,
      last_at = greatest(counter.last_at, excluded.last_at)
  )
  SELECT count(*) INTO placed FROM inserted;

  DELETE FROM arrival WHERE arrival.n = ANY (taken);
  head := before + placed;
  UPDATE timeline SET head = place_arrivals.head;

  -- In portions, so that somebody who wrote ten thousand comments holds nobody up.
  SELECT coalesce(array_agg(erasure.key), '{}') INTO pending FROM erasure WHERE NOT done;
  IF cardinality(pending) > 0 THEN
    -- The limit comes after the search: with it the planner would rather read the whole table.
    WITH concerned AS MATERIALIZED (
      SELECT id FROM activity WHERE personal IS NOT NULL AND about && pending
    )
    UPDATE activity SET personal = NULL, person = NULL, erased_at = clock_timestamp(),
      about = CASE WHEN person <> subject THEN array_remove(about, person) ELSE about END
    WHERE id IN (SELECT concerned.id FROM concerned LIMIT most);
    GET DIAGNOSTICS erased = ROW_COUNT;
    IF erased < most THEN
      UPDATE erasure SET done = true WHERE key = ANY (pending);
    END IF;
  END IF;
  more := cardinality(taken) = most OR erased = most;
END
$$;
