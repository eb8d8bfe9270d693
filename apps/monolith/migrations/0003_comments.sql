create table cmt (
  cmt_id integer generated always as identity primary key,
  cmt_ref uuid not null unique default gen_random_uuid(),
  art_id integer not null references art (art_id) on delete cascade,
  usr_id integer references usr (usr_id) on delete set null,
  par_id integer,
  txt text not null,
  sts char(1) not null default 'V' check (sts in ('V', 'H', 'X')),
  crt_ts timestamptz(3) not null default now(),
  hid_usr_id integer references usr (usr_id) on delete set null,
  unique (cmt_id, art_id),
  foreign key (par_id, art_id) references cmt (cmt_id, art_id),
  check (char_length(txt) <= 5000 and (sts = 'X') = (txt = ''))
);

-- The order of a discussion: threads by age, each with its replies by age.
create index cmt_thr on cmt (art_id, (coalesce(par_id, cmt_id)), cmt_id);
create index cmt_par on cmt (par_id) where par_id is not null;
create index cmt_usr on cmt (usr_id) where usr_id is not null;

create table cmt_rpt (
  cmt_id integer not null references cmt (cmt_id) on delete cascade,
  usr_id integer not null references usr (usr_id) on delete cascade,
  rsn text not null check (char_length(rsn) between 1 and 500),
  crt_ts timestamptz(3) not null default now(),
  clr_ts timestamptz(3),
  primary key (cmt_id, usr_id)
);
create index cmt_rpt_open on cmt_rpt (crt_ts) where clr_ts is null;

-- When a user wrote last, at most as many times as the bound allows; outlives deleted comments.
create table cmt_rte (
  usr_id integer primary key references usr (usr_id) on delete cascade,
  tss timestamptz[] not null
);
