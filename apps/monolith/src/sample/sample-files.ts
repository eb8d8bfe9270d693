import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

import { readLine, type ImpLine } from '../import/line.ts';

const people = z.object({
  users: z.array(
    z.object({
      name: z.string().min(1),
      email: z.email(),
      role: z.enum(['reader', 'contributor', 'editor']),
    }),
  ),
});

const comment = z.object({
  articleId: z.string(),
  email: z.email(),
  text: z.string().min(1),
  at: z.iso.datetime(),
  /** Which of the lines it answers, counted from 0. */
  replyTo: z.int().min(0).optional(),
});

export type SamplePerson = z.output<typeof people>['users'][number];
export type SampleComment = z.output<typeof comment>;
export type SampleFiles = {
  articles: ImpLine[];
  people: SamplePerson[];
  comments: SampleComment[];
};

/** Reads the sample that comes with the monolith. Throws, naming file and line, where it is not as it has to be. */
export function readSample(folder: string, now: Date): SampleFiles {
  const lines = (name: string): string[] =>
    readFileSync(join(folder, name), 'utf8').trimEnd().split('\n');
  return {
    articles: lines('articles.jsonl').map((text, index) => {
      const line = readLine(text, now);
      if (line.ok) return line.value;
      throw new Error(`articles.jsonl, line ${index + 1}: ${JSON.stringify(line.error)}`);
    }),
    people: people.parse(JSON.parse(readFileSync(join(folder, 'people.json'), 'utf8'))).users,
    comments: lines('comments.jsonl').map((text, index) => {
      const line = comment.safeParse(JSON.parse(text));
      if (line.success) return line.data;
      throw new Error(`comments.jsonl, line ${index + 1}: ${line.error.message}`);
    }),
  };
}
