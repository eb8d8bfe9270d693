import { Command, InvalidArgumentError } from 'commander';
import { join } from 'node:path';
import { discover, type Found, type Kind } from './discover.ts';
import { loadBenchmark, loadDrill } from './load-definition.ts';
import { createProgress } from './progress.ts';
import { renderReport, renderTimeline, type Report } from './report.ts';
import { runBenchmark } from './run-benchmark.ts';
import { runDrill } from './run-drill.ts';
import { Interrupted } from './session.ts';
import { spellOutSettings } from './settings.ts';

const root = join(import.meta.dirname, '..', '..', '..');

type Options = { json?: boolean; strict?: boolean; rounds?: number; set: Record<string, string> };

const program = new Command('measure').helpCommand(false);

program
  .command('bench')
  .description('Measures and prints figures beside what is wanted of them.')
  .argument('<name>', 'name of a benchmark, or "list"')
  .option('--json', 'print one object { name, machine, figures, wanted } on stdout')
  .option('--strict', 'exit with 1 where a wanted figure does not hold')
  .option('--rounds <n>', 'how often each figure is measured', wholeNumber)
  .option(
    '--set <name=value>',
    'set a parameter that the benchmark declares; --name value does the same',
    setting,
    {},
  )
  .action(async (name: string, options: Options) => {
    const found = await discover(root, 'bench');
    if (name === 'list') {
      await list(found, async (entry) => (await loadBenchmark(entry)).summary);
      return;
    }
    const benchmark = await loadBenchmark(pick(found, name, 'bench'));
    const report = await runBenchmark(benchmark, { ...session(options), rounds: options.rounds });
    print(report, options);
  });

program
  .command('drill')
  .description('Breaks something on ports and data of its own and checks what must stay true.')
  .argument('<name>', 'name of a drill, or "list"')
  .option('--json', 'print one object { name, machine, figures, wanted } on stdout')
  .option('--strict', 'exit with 1 where a wanted figure does not hold, not only an invariant')
  .option(
    '--set <name=value>',
    'set a parameter that the drill declares; --name value does the same',
    setting,
    {},
  )
  .action(async (name: string, options: Options) => {
    const found = await discover(root, 'drill');
    if (name === 'list') {
      await list(found, async (entry) => (await loadDrill(entry)).summary);
      return;
    }
    const drill = await loadDrill(pick(found, name, 'drill'));
    const { broken, ...report } = await runDrill(drill, session(options));
    print(report, options);
    if (!options.json) process.stdout.write(renderTimeline(report.timeline));
    for (const sentence of broken) process.stderr.write(`broken: ${sentence}\n`);
    if (broken.length > 0) process.exitCode = 1;
  });

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interrupt.abort();
  });
}

try {
  await program.parseAsync(spellOutSettings(process.argv.slice(2)), { from: 'user' });
} catch (error) {
  process.exitCode = error instanceof Interrupted ? 130 : 1;
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(error instanceof Interrupted ? 'interrupted\n' : `${text}\n`);
}
// What the measured code forgot to close must not keep the runner up.
await new Promise((flushed) => process.stdout.write('', flushed));
process.exit();

function session({ set }: Options) {
  return { settings: set, progress: createProgress(process.stderr), signal: interrupt.signal };
}

function print(report: Report, { json, strict }: Options): void {
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : renderReport(report));
  if (strict && report.wanted.some(({ holds }) => !holds)) process.exitCode = 1;
}

async function list(found: readonly Found[], summary: (entry: Found) => Promise<string>) {
  const width = Math.max(0, ...found.map(({ name }) => name.length));
  for (const entry of found) {
    process.stdout.write(`${entry.name.padEnd(width)}  ${await summary(entry)}\n`);
  }
  if (found.length === 0) process.stdout.write('none yet\n');
}

function pick(found: readonly Found[], name: string, kind: Kind): Found {
  const entry = found.find((candidate) => candidate.name === name);
  if (entry !== undefined) return entry;
  const names = found.map((candidate) => candidate.name).join(', ') || 'none yet';
  process.stderr.write(`No ${kind} is called ${name}. There are: ${names}.\n`);
  process.exit(1);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new InvalidArgumentError('should be a whole number from 1 on');
  }
  return value;
}

function setting(text: string, previous: Record<string, string>): Record<string, string> {
  const [, name, value] = /^([\w-]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError('should look like name=123');
  return { ...previous, [name]: value };
}
