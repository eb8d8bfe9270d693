import { Command, CommanderError } from 'commander';

import { compareReleases, type Verdict } from '../compatibility/release.ts';
import { topicOf } from '../envelope.ts';
import { jsonSchemaOf } from '../json-schema.ts';
import { contractOf, contracts } from '../registry.ts';
import { topics } from '../topics.ts';
import {
  checkDocument,
  currentReleases,
  readReleases,
  writeDocument,
  writeReleases,
} from './files.ts';

/** `refused`: something is not in order, and the output says what. */
export const EXIT = { ok: 0, refused: 1, usage: 2 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export type Surroundings = {
  /** Where asyncapi.yaml and released/ are. */
  readonly folder: string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
};

/** Runs one command line (without node and script) and gives back the exit code. */
export function runContracts(args: readonly string[], surroundings: Surroundings): ExitCode {
  let exitCode: ExitCode = EXIT.ok;
  const program = createProgram(surroundings, (code) => (exitCode = code));
  try {
    program.parse(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    throw error;
  }
}

function createProgram({ folder, out, err }: Surroundings, end: (code: ExitCode) => void): Command {
  const program = new Command('contracts')
    .description('The events that the services tell each other.')
    .option('--json', 'for programs instead of people')
    .addHelpText('after', '\nExit codes: 0 in order, 1 not in order, 2 wrong usage')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => out(text.trimEnd()),
      writeErr: (text) => err(text.trimEnd()),
    })
    .showHelpAfterError();
  const inJson = () => program.opts<{ json?: boolean }>().json === true;
  const say = (data: unknown, text: string) => out(inJson() ? JSON.stringify(data, null, 2) : text);

  program
    .command('list')
    .description('all events, with their topic and when they happen')
    .action(() => {
      const rows = contracts.map(({ type, when }) => ({ type, topic: topicOf(type), when }));
      const width = Math.max(...rows.map(({ type }) => type.length));
      say(rows, rows.map(({ type, when }) => `${type.padEnd(width)}  ${when}`).join('\n'));
    });

  program
    .command('show')
    .argument('<type>', 'as in newscience.article.Published.v1')
    .description('one event: topic, JSON Schema, example')
    .action((type: string) => {
      const contract = contractOf(type);
      if (contract === undefined) {
        err(`No contract is known for ${type}. See: npm run contracts -- list`);
        end(EXIT.refused);
        return;
      }
      const { when, example } = contract;
      const schema = jsonSchemaOf(contract);
      const policy = topics.find(({ topic }) => topic === topicOf(type));
      say(
        { type, when, topic: policy, schema, example },
        [
          `${type}\n${when}`,
          `Topic: ${policy?.topic ?? '-'}, ${policy?.partitions ?? 0} partitions, keeps ${kept(type)}`,
          `Schema:\n${JSON.stringify(schema, null, 2)}`,
          `Example:\n${JSON.stringify(example, null, 2)}`,
        ].join('\n\n'),
      );
    });

  program
    .command('check')
    .description('AsyncAPI document current? contracts compatible with the last release?')
    .action(() => {
      const asyncapi = checkDocument(folder);
      const verdicts = compareReleases(readReleases(folder), currentReleases());
      const fine = asyncapi === 'fresh' && verdicts.every(({ breaks }) => breaks.length === 0);
      say({ inOrder: fine, asyncapi, contracts: verdicts }, checkText(asyncapi, verdicts));
      if (!fine) end(EXIT.refused);
    });

  program
    .command('write')
    .description('writes asyncapi.yaml')
    .action(() => {
      const file = writeDocument(folder);
      say({ written: file }, `Written: ${file}`);
    });

  program
    .command('release')
    .description('makes the contracts as they are now the last release (released/*.json)')
    .option('--breaking <why>', 'although they break consumers or producers')
    .action(({ breaking }: { breaking?: string }) => {
      const verdicts = compareReleases(readReleases(folder), currentReleases());
      if (breaking === undefined && verdicts.some(({ breaks }) => breaks.length > 0)) {
        say({ released: false, contracts: verdicts }, checkText('fresh', verdicts));
        end(EXIT.refused);
        return;
      }
      writeReleases(folder);
      say({ released: true, contracts: verdicts }, `Released: ${contracts.length} contracts.`);
    });

  return program;
}

function kept(type: string): string {
  const retention = topics.find(({ topic }) => topic === topicOf(type))?.retention;
  if (retention === undefined) return 'nothing';
  return retention.kind === 'time'
    ? `events for ${retention.days} days`
    : `the latest event of each key for ever, older ones for ${retention.historyDays} days`;
}

function checkText(asyncapi: string, verdicts: readonly Verdict[]): string {
  const lines: string[] = [];
  if (asyncapi !== 'fresh')
    lines.push(`asyncapi.yaml is ${asyncapi}. Run: npm run contracts -- write`);
  for (const { type, breaks } of verdicts)
    for (const { breaks: whom, pointer, what } of breaks)
      lines.push(`${type} breaks ${whom}s: ${pointer === '' ? 'the event' : pointer} ${what}`);
  if (lines.some((line) => line.includes(' breaks ')))
    lines.push(
      'Leave the released version as it is, and add the change as the next version beside it.',
    );
  const count = (state: Verdict['state']) => verdicts.filter((one) => one.state === state).length;
  const [fresh, changed] = [count('new'), count('changed')];
  lines.push(
    `${verdicts.length} contracts: ${count('unchanged')} as released, ${changed} changed, ${fresh} new, ${count('removed')} removed.`,
  );
  return lines.join('\n');
}
