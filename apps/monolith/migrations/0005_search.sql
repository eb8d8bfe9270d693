-- Settings that are changed at run time (search batch: srch_ivl_ms).
CREATE TABLE cfg (
  ky text PRIMARY KEY,
  val text NOT NULL,
  upd_ts timestamptz NOT NULL DEFAULT now()
);

-- One row a run of the batch. trg H hour / D demand / S sample; sts R running / O ok / F failed / K killed.
-- The newest run with an idx_ts is the one whose words are searched.
CREATE TABLE srch_run (
  run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  trg char(1) NOT NULL CHECK (trg IN ('H', 'D', 'S')),
  sts char(1) NOT NULL DEFAULT 'R' CHECK (sts IN ('R', 'O', 'F', 'K')),
  sta_ts timestamptz NOT NULL DEFAULT now(),
  idx_ts timestamptz,
  end_ts timestamptz,
  art_cnt integer NOT NULL DEFAULT 0,
  row_rd bigint NOT NULL DEFAULT 0,
  row_wr bigint NOT NULL DEFAULT 0,
  wal_byt bigint NOT NULL DEFAULT 0,
  err text
);
CREATE INDEX srch_run_idx ON srch_run (run_id DESC) WHERE idx_ts IS NOT NULL;
CREATE INDEX srch_run_sta ON srch_run (sta_ts DESC);

CREATE TABLE srch_wrd (
  run_id bigint NOT NULL,
  wrd text NOT NULL,
  wrd_id bigint GENERATED ALWAYS AS IDENTITY,
  art_cnt integer NOT NULL,
  PRIMARY KEY (run_id, wrd)
);

CREATE TABLE srch_idx (
  wrd_id bigint NOT NULL,
  art_id bigint NOT NULL,
  run_id bigint NOT NULL,
  wgt integer NOT NULL,
  PRIMARY KEY (wrd_id, art_id)
);
