create table sub_itm (
  usr_id integer not null references usr (usr_id) on delete cascade,
  knd char(1) not null check (knd in ('T', 'S')),
  val text not null,
  crt_ts timestamptz(3) not null default now(),
  primary key (usr_id, knd, val)
);

create table dgst_cfg (
  usr_id integer primary key references usr (usr_id) on delete cascade,
  uns_tok text not null unique,
  act boolean not null default true,
  crt_ts timestamptz(3) not null default now(),
  upd_ts timestamptz(3) not null default now()
);

-- One row per subscriber and day: P pending, C claimed, T handed to the mail server, S sent,
-- N nothing new, F given up, U handed over but never confirmed.
create table dgst_snt (
  usr_id integer not null references usr (usr_id) on delete cascade,
  dy date not null,
  sts char(1) not null default 'P' check (sts in ('P', 'C', 'T', 'S', 'N', 'F', 'U')),
  til_ts timestamptz(3) not null,
  att smallint not null default 0,
  nxt_ts timestamptz(3) not null,
  clm_tok uuid,
  clm_ts timestamptz(3),
  snt_ts timestamptz(3),
  art_ids integer[] not null default '{}',
  err text,
  primary key (usr_id, dy)
);
create index dgst_snt_open on dgst_snt (dy, usr_id) where sts in ('P', 'C', 'T');
