create table sect (
  sect_cd text primary key check (sect_cd ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  sect_nm text not null unique
);

create table art (
  art_id integer generated always as identity primary key,
  art_ref text not null unique check (art_ref ~ '^[a-z0-9][a-z0-9._-]{0,119}$'),
  ttl text not null,
  kick text,
  smry text,
  bdy text not null check (octet_length(bdy) <= 524288),
  sect_cd text not null references sect (sect_cd),
  sts char(1) not null default 'D' check (sts in ('D', 'E', 'P', 'W')),
  emb_ts timestamptz(3),
  pub_ts timestamptz(3),
  wdr_ts timestamptz(3),
  crt_ts timestamptz(3) not null default now(),
  upd_ts timestamptz(3) not null default now(),
  rev integer not null default 1 check (rev >= 1),
  own_usr_id integer references usr (usr_id) on delete set null,
  typ text,
  bdy_knd text,
  src_nm text,
  src_url text,
  lic_nm text,
  lic_url text,
  kwd text not null default '',
  check (sts <> 'E' or emb_ts is not null),
  check (sts <> 'P' or pub_ts is not null),
  check (sts <> 'W' or wdr_ts is not null)
);

-- Times have milliseconds, as the cursors that are made of them.
create index art_ord on art ((coalesce(pub_ts, crt_ts)) desc, art_id desc) where sts = 'P';
create index art_sect_ord on art (sect_cd, (coalesce(pub_ts, crt_ts)) desc, art_id desc) where sts = 'P';
create index art_own on art (own_usr_id) where own_usr_id is not null;
create index art_open on art ((coalesce(pub_ts, crt_ts)) desc, art_id desc) where sts <> 'P';

create table art_aut (
  art_id integer not null references art (art_id) on delete cascade,
  seq smallint not null,
  aut_nm text not null,
  primary key (art_id, seq)
);
create index art_aut_nm on art_aut (aut_nm, art_id);

create table art_top (
  art_id integer not null references art (art_id) on delete cascade,
  seq smallint not null,
  top_nm text not null,
  primary key (art_id, seq)
);
create index art_top_nm on art_top (top_nm, art_id);

create table art_rel (
  art_id integer not null references art (art_id) on delete cascade,
  seq smallint not null,
  rel_ref text not null,
  primary key (art_id, seq)
);

create table art_hit (
  art_id integer not null references art (art_id) on delete cascade,
  hr_ts timestamptz(3) not null,
  cnt integer not null check (cnt > 0),
  primary key (art_id, hr_ts)
);
create index art_hit_hr on art_hit (hr_ts);
