import type { Result } from '@newscience/service-kit/result';

/** T topic (`val` is its name), S section (`val` is its code). */
export type SubKnd = 'T' | 'S';

/** `nm` is what a person reads: the topic itself or the section's name. */
export type SubRec = { knd: SubKnd; val: string; nm: string; crtTs: Date };

export type SubErr = {
  code:
    'subscription_unknown_topic' | 'subscription_unknown_section' | 'subscription_limit_reached';
  detail: string;
};

/** What the unsubscribe page shows: the mail address with most of it masked, and whether mails are still on. */
export type UnsRec = { emlMsk: string; act: boolean };

export interface SubInt {
  /** By kind and name. */
  lstSub(usrId: number): Promise<SubRec[]>;
  /** Follows; following twice is no error. At most 200 per user. Switches the mails on again after an unsubscribe. */
  addSub(usrId: number, knd: SubKnd, val: string): Promise<Result<null, SubErr>>;
  /** False when it was not followed. */
  delSub(usrId: number, knd: SubKnd, val: string): Promise<boolean>;
  /** Whether the daily mail is on (true for a user who follows nothing yet). */
  getDgst(usrId: number): Promise<boolean>;
  setDgst(usrId: number, act: boolean): Promise<void>;
  /** For the page behind the link in a mail; null for an unknown token. Changes nothing. */
  getUns(tok: string): Promise<UnsRec | null>;
  /** Ends the mails of the token's user, who stays able to follow; null for an unknown token, no error the second time. */
  doUns(tok: string): Promise<UnsRec | null>;
}
