-- Up Migration

CREATE TABLE topic (
  topic text PRIMARY KEY,
  partitions integer NOT NULL CHECK (partitions BETWEEN 1 AND 1024),
  retention text NOT NULL CHECK (retention IN ('latest-per-key', 'time')),
  retention_days integer NOT NULL CHECK (retention_days >= 0),
  declared_at timestamptz NOT NULL DEFAULT now(),
  swept_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN topic.retention_days IS 'latest-per-key: of events that a later one of the key has replaced; time: of all';

CREATE TABLE topic_partition (
  topic text NOT NULL REFERENCES topic,
  partition integer NOT NULL,
  next_position bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);
COMMENT ON TABLE topic_partition IS 'its rows are the locks of publishers: see append_events';

CREATE TABLE event_log (
  topic text NOT NULL,
  partition integer NOT NULL,
  position bigint NOT NULL,
  key text NOT NULL,
  type text NOT NULL,
  event text NOT NULL,
  published_at timestamptz NOT NULL,
  PRIMARY KEY (topic, partition, position)
);
-- For the latest of a key.
CREATE INDEX event_log_key ON event_log (topic, partition, key, position);
COMMENT ON COLUMN event_log.event IS 'JSON as it was published; text, because jsonb takes no U+0000 and rewrites numbers';

CREATE TABLE consumer_group (
  group_name text PRIMARY KEY,
  paused boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE group_member (
  group_name text NOT NULL REFERENCES consumer_group,
  member uuid NOT NULL,
  topics text[] NOT NULL,
  seen_at timestamptz NOT NULL,
  PRIMARY KEY (group_name, member)
) WITH (fillfactor = 50);

CREATE TABLE group_partition (
  group_name text NOT NULL REFERENCES consumer_group,
  topic text NOT NULL,
  partition integer NOT NULL,
  position bigint NOT NULL,
  generation integer NOT NULL DEFAULT 0,
  owner uuid,
  lease_until timestamptz,
  PRIMARY KEY (group_name, topic, partition),
  FOREIGN KEY (topic, partition) REFERENCES topic_partition,
  CHECK ((owner IS NULL) = (lease_until IS NULL))
) WITH (fillfactor = 50);
COMMENT ON COLUMN group_partition.position IS 'of the next event to deliver';
COMMENT ON COLUMN group_partition.generation IS 'counts owners: a commit that names an older one is refused';

CREATE TABLE group_pause (
  group_name text NOT NULL REFERENCES consumer_group,
  topic text NOT NULL,
  partition integer NOT NULL,
  PRIMARY KEY (group_name, topic, partition)
);
COMMENT ON TABLE group_pause IS 'single partitions; a whole group is paused in consumer_group';

-- The only way into the log. Each partition's row is locked until the transaction ends, so positions are
-- visible in the order in which they were given: a reader that has seen one has seen all below it, and no
-- transaction that commits late can be skipped. Rows are locked in one order, so publishers cannot deadlock.
CREATE FUNCTION append_events(
  topics text[], partitions integer[], keys text[], types text[], events text[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  appended integer;
  announced record;
BEGIN
  PERFORM 1 FROM topic_partition p
   WHERE (p.topic, p.partition) IN (SELECT * FROM unnest(topics, partitions))
   ORDER BY p.topic, p.partition
     FOR NO KEY UPDATE;

  INSERT INTO event_log (topic, partition, position, key, type, event, published_at)
  SELECT b.topic, b.partition,
         p.next_position - 1 + row_number() OVER (PARTITION BY b.topic, b.partition ORDER BY b.nr),
         b.key, b.type, b.event, clock_timestamp()
    FROM unnest(topics, partitions, keys, types, events)
         WITH ORDINALITY AS b (topic, partition, key, type, event, nr)
    JOIN topic_partition p ON p.topic = b.topic AND p.partition = b.partition
   ORDER BY b.nr;
  GET DIAGNOSTICS appended = ROW_COUNT;
  IF appended <> cardinality(events) THEN
    RAISE EXCEPTION 'an event names a partition that does not exist' USING ERRCODE = 'foreign_key_violation';
  END IF;

  FOR announced IN
    UPDATE topic_partition p SET next_position = p.next_position + b.count
      FROM (SELECT topic, partition, count(*) FROM unnest(topics, partitions) AS u (topic, partition)
             GROUP BY topic, partition) b
     WHERE p.topic = b.topic AND p.partition = b.partition
    RETURNING p.topic, p.partition, p.next_position
  LOOP
    PERFORM pg_notify('event_bus', announced.topic || ' ' || announced.partition || ' ' || announced.next_position);
  END LOOP;
END $$;

-- Down Migration

DROP FUNCTION append_events;
DROP TABLE group_pause, group_partition, group_member, consumer_group, event_log, topic_partition, topic;
