-- One row: what every gateway instance compares with the table that it holds. The lineage tells a new or
-- restored database from the one that a snapshot was taken of, even where the revisions are the same.
CREATE TABLE route_table (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  lineage uuid NOT NULL DEFAULT gen_random_uuid(),
  revision bigint NOT NULL DEFAULT 0 CHECK (revision >= 0)
);
INSERT INTO route_table DEFAULT VALUES;

CREATE TABLE route (
  id text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,62}$' AND id NOT IN ('default', 'explain')),
  path text NOT NULL CHECK (path LIKE '/%'),
  methods text[] NOT NULL,
  target text NOT NULL,
  -- A union: the name says which further members there are.
  stage jsonb NOT NULL CHECK (stage ? 'name'),
  revision bigint NOT NULL UNIQUE,
  changed_at timestamptz NOT NULL,
  changed_by jsonb NOT NULL,
  why text NOT NULL
);

-- The audit log has a schema of its own, because in `public` the service's role may change and delete rows.
-- PUBLIC is here the owner and the service's role: nobody else can connect to this database.
CREATE SCHEMA audit;
CREATE TABLE audit.route_change (
  revision bigint PRIMARY KEY,
  at timestamptz NOT NULL,
  actor_id text NOT NULL,
  actor_name text NOT NULL,
  why text NOT NULL CHECK (length(why) BETWEEN 3 AND 500),
  event text NOT NULL,
  route_id text NOT NULL,
  from_state jsonb,
  to_state jsonb,
  CHECK (from_state IS NOT NULL OR to_state IS NOT NULL)
);
CREATE INDEX route_change_by_route ON audit.route_change (route_id, revision);
GRANT USAGE ON SCHEMA audit TO PUBLIC;
GRANT SELECT, INSERT ON audit.route_change TO PUBLIC;
