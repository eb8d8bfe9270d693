import type { Fault } from '@newscience/service-kit/problem';
import { commonPasswords } from './pwd-common.ts';

const shortest = 10;
const longest = 200;

/** Letters and digits alone, so that `P a s s w o r d - 1 2 3` is what it is. */
function bare(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** The alphabet, digits and keyboard rows, there and back, and one character again and again. */
function monotonous(text: string): boolean {
  const letters = Array.from(text);
  if (new Set(letters).size <= 2) return true;
  const runs = ['abcdefghijklmnopqrstuvwxyz', '01234567890123456789', 'qwertyuiopasdfghjklzxcvbnm'];
  const low = text.toLowerCase();
  const back = Array.from(low).reverse().join('');
  return runs.some((run) => run.includes(low) || run.includes(back));
}

function problemOf(pwd: string, owner: { eml: string; nm: string }): string | null {
  const text = pwd.normalize('NFKC');
  const length = Array.from(text).length;
  if (length < shortest) return `has ${length} characters, fewer than ${shortest}`;
  if (length > longest) return `has more than ${longest} characters`;
  const core = bare(text);
  if (commonPasswords.has(core) || commonPasswords.has(text.toLowerCase()) || monotonous(text)) {
    return 'is one of those that are tried first';
  }
  const own = [owner.eml, owner.eml.split('@')[0] ?? '', owner.nm]
    .map(bare)
    .filter((part) => part !== '');
  if (own.some((part) => core === part || core === part + part))
    return 'is your name or mail address';
  return null;
}

/**
 * What is wrong with a new password: 10 to 200 characters (after NFKC), not one of the most common, not
 * the owner's name or mail address. No rules about kinds of characters: they make passwords no better.
 */
export function pwdFaults(
  pwd: string,
  owner: { eml: string; nm: string },
  pointer: string,
): Fault[] {
  const problem = problemOf(pwd, owner);
  if (problem === null) return [];
  return [
    {
      pointer,
      problem,
      remedy: `Take ${shortest} to ${longest} characters, for example four words that do not belong together.`,
    },
  ];
}
