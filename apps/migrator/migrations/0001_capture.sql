-- One row: who captures. Apart from the progress, so that a sign of life waits for no transaction.
CREATE TABLE capture_owner (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  -- Grows with each owner; whoever holds an older one changes nothing any more.
  generation bigint NOT NULL DEFAULT 0,
  name text,
  seen_at timestamptz,
  -- What the owner is doing, for those who stand by.
  doing text
);
INSERT INTO capture_owner DEFAULT VALUES;

-- One row: how far the legacy database has been captured.
CREATE TABLE capture (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  -- The mirror's rows that count; null until a first snapshot is complete.
  epoch integer,
  last_epoch integer NOT NULL DEFAULT 0,
  -- What was committed before this is in the mirror and was put into the outbox; null: a snapshot is due.
  position pg_lsn,
  committed_at timestamptz,
  system_id text,
  -- Why a fresh snapshot is due although there is a position.
  snapshot_due text,
  CHECK ((epoch IS NULL) = (position IS NULL))
);
INSERT INTO capture DEFAULT VALUES;

-- Legacy rows as they are at the position: text of each captured column.
CREATE TABLE mirror (
  epoch integer NOT NULL,
  relation text NOT NULL,
  key text NOT NULL,
  -- What others find it by: an article's parts by article, articles by section.
  parent text,
  -- The aggregate's id for everyone else, where the row is the aggregate's own.
  subject text,
  bytes integer NOT NULL,
  content jsonb NOT NULL,
  PRIMARY KEY (epoch, relation, key)
);
CREATE INDEX mirror_parent ON mirror (epoch, relation, parent) WHERE parent IS NOT NULL;
CREATE INDEX mirror_subject ON mirror (epoch, relation, subject) WHERE subject IS NOT NULL;

-- Aggregates that a long legacy transaction has touched so far; empty between transactions.
CREATE TABLE touched (
  kind text NOT NULL,
  legacy_key text NOT NULL,
  PRIMARY KEY (kind, legacy_key)
);

-- What was told last of each aggregate.
CREATE TABLE published (
  kind text NOT NULL CHECK (kind IN ('article', 'comment', 'user')),
  subject text NOT NULL,
  legacy_key text NOT NULL,
  status text NOT NULL,
  revision integer NOT NULL,
  ahead integer NOT NULL,
  fingerprint text NOT NULL,
  data jsonb,
  PRIMARY KEY (kind, subject)
);
CREATE INDEX published_legacy_key ON published (kind, legacy_key);

-- Rows that cannot be told; each leaves when a later version of it can.
CREATE TABLE rejected (
  kind text NOT NULL,
  legacy_key text NOT NULL,
  subject text,
  code text NOT NULL,
  detail text NOT NULL,
  faults jsonb NOT NULL,
  first_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (kind, legacy_key)
);
CREATE INDEX rejected_order ON rejected (first_at, kind, legacy_key);

-- The audit log has a schema of its own, because in `public` the service's role may change and delete rows.
CREATE SCHEMA IF NOT EXISTS audit;
CREATE TABLE audit.capture_action (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  action text NOT NULL CHECK (action IN ('resnapshot_requested', 'snapshot_begun', 'snapshot_completed', 'stopped')),
  actor_id text NOT NULL,
  actor_name text NOT NULL,
  why text NOT NULL
);
GRANT USAGE ON SCHEMA audit TO PUBLIC;
GRANT SELECT, INSERT ON audit.capture_action TO PUBLIC;
