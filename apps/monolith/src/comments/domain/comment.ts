export const limits = {
  /** Characters (code points) of a comment. */
  text: 5_000,
  /** Characters (code points) of a report's reason. */
  reason: 500,
  /** Comments that one user may write within `windowMs`. */
  perWindow: 10,
  windowMs: 60_000,
} as const;

export type TextFault = { pointer: string; problem: string; remedy: string };

export type CheckedText = { ok: true; value: string } | { ok: false; error: TextFault };

/** Characters as PostgreSQL counts them: code points. */
export function charactersOf(text: string): number {
  return Array.from(text).length;
}

/** Line ends as LF, no empty ends. */
export function normaliseText(text: string): string {
  return text.replace(/\r\n?/g, '\n').trim();
}

function isClean(text: string): boolean {
  return text.isWellFormed() && !/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text);
}

/** A text of 1 to `max` characters as it is kept, or what is wrong with it. */
export function checkText(pointer: string, given: string, max: number): CheckedText {
  const text = normaliseText(given);
  const count = charactersOf(text);
  if (count === 0)
    return { ok: false, error: { pointer, problem: 'is empty', remedy: 'write something' } };
  if (count > max) {
    return {
      ok: false,
      error: { pointer, problem: `has ${count} characters`, remedy: `use at most ${max}` },
    };
  }
  if (isClean(text)) return { ok: true, value: text };
  const problem = 'contains control characters or broken Unicode';
  return { ok: false, error: { pointer, problem, remedy: 'use plain text' } };
}

/** What the rules need to know of a comment that somebody answers. */
export type Parent = { articleId: number; isReply: boolean; sts: 'V' | 'H' | 'X' };

export type ReplyRefusal = 'comment_not_found' | 'comment_reply_too_deep';

/** Why a comment cannot be answered, or null when it can: only visible ones at the top of a thread of the same article. */
export function replyRefusal(parent: Parent | null, articleId: number): ReplyRefusal | null {
  if (parent?.articleId !== articleId || parent.sts !== 'V') return 'comment_not_found';
  return parent.isReply ? 'comment_reply_too_deep' : null;
}
