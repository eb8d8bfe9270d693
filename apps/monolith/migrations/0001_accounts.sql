-- Up Migration

CREATE TABLE usr (
  usr_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  usr_ref uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
  eml text NOT NULL,
  eml_lc text NOT NULL UNIQUE,
  nm text NOT NULL,
  pwd_hsh text,
  rol char(1) NOT NULL DEFAULT 'R' CHECK (rol IN ('R', 'C', 'E', 'O')),
  sts char(1) NOT NULL DEFAULT 'A' CHECK (sts IN ('A', 'X')),
  tok_ver integer NOT NULL DEFAULT 1,
  crt_ts timestamptz NOT NULL DEFAULT now(),
  upd_ts timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN usr.pwd_hsh IS 'PHC string with its parameters; null: nobody can log in';
COMMENT ON COLUMN usr.rol IS 'R reader, C contributor, E editor, O operator';
COMMENT ON COLUMN usr.sts IS 'A active, X suspended';
COMMENT ON COLUMN usr.tok_ver IS 'bearer tokens that carry an older version are refused';

CREATE TABLE usr_sess (
  sess_hsh bytea PRIMARY KEY,
  usr_id integer NOT NULL REFERENCES usr ON DELETE CASCADE,
  csrf_tok text NOT NULL,
  crt_ts timestamptz NOT NULL DEFAULT now(),
  sen_ts timestamptz NOT NULL DEFAULT now(),
  exp_ts timestamptz NOT NULL
);
CREATE INDEX usr_sess_usr ON usr_sess (usr_id);
COMMENT ON COLUMN usr_sess.sess_hsh IS 'SHA-256 of the cookie, which is stored nowhere';
COMMENT ON COLUMN usr_sess.sen_ts IS 'last seen, for the idle limit';

CREATE TABLE log_att (
  att_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  att_key text NOT NULL,
  att_ts timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX log_att_key ON log_att (att_key, att_ts);
CREATE INDEX log_att_ts ON log_att (att_ts);
COMMENT ON COLUMN log_att.att_key IS 'keyed hash of a mail address or a network address';

CREATE TABLE sgn_key (
  kid text PRIMARY KEY,
  prv_jwk jsonb NOT NULL,
  pub_jwk jsonb NOT NULL,
  crt_ts timestamptz NOT NULL DEFAULT now(),
  sgn_ts timestamptz NOT NULL,
  ret_ts timestamptz
);
COMMENT ON COLUMN sgn_key.prv_jwk IS 'sealed with AES-256-GCM';
COMMENT ON COLUMN sgn_key.sgn_ts IS 'published from crt_ts, signs from sgn_ts until the next key signs';
COMMENT ON COLUMN sgn_key.ret_ts IS 'no longer published from here; null while no successor is known';

-- Down Migration

DROP TABLE sgn_key, log_att, usr_sess, usr;
