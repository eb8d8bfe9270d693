-- Up Migration

-- As before, but each text of a batch is a line: JSON and the attributes of events have no line ends. Arrays of
-- texts cost client and server a third of the whole time, for the escapes of all the quotes in them.
DROP FUNCTION append_events(text[], integer[], text[], text[], text[]);

CREATE FUNCTION append_events(
  topic_lines text, partitions integer[], key_lines text, type_lines text, event_lines text
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  topics CONSTANT text[] := string_to_array(topic_lines, E'\n');
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
    FROM unnest(topics, partitions, string_to_array(key_lines, E'\n'), string_to_array(type_lines, E'\n'),
                string_to_array(event_lines, E'\n'))
         WITH ORDINALITY AS b (topic, partition, key, type, event, nr)
    JOIN topic_partition p ON p.topic = b.topic AND p.partition = b.partition
   ORDER BY b.nr;
  GET DIAGNOSTICS appended = ROW_COUNT;
  IF appended <> cardinality(partitions) THEN
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
