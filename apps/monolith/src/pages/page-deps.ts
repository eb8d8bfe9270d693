import type { AcctInt } from '../accounts/acct-int.ts';
import type { ArtInt } from '../articles/art-int.ts';
import type { CmtInt } from '../comments/cmt-int.ts';
import type { HitInt } from '../most-read/hit-int.ts';
import type { SubInt } from '../subscriptions/sub-int.ts';
import type { Show } from './show.ts';

/** What the pages need of the other modules. */
export type PageDeps = {
  art: ArtInt;
  cmt: CmtInt;
  hit: HitInt;
  sub: SubInt;
  acct: AcctInt;
  show: Show;
};
