import type { Admission, CircuitGate, GateOptions } from './circuit-gate.ts';
import { admissionOf, viewOf } from './circuit-gate.ts';
import type { Clock } from './clock.ts';
import {
  admitProbe,
  answerProbe,
  type Circuit,
  initialCircuit,
  isolate,
  noteSilence,
  reset,
  trip,
} from './domain/circuit.ts';

const HERE = 'this process';

export type LocalGate = CircuitGate & {
  readonly ask: () => Admission;
  readonly circuit: () => Circuit;
  /** Goes on from a state that was kept elsewhere; its times are on this gate's clock. Nobody is told. */
  readonly adopt: (circuit: Circuit) => void;
};

/** A circuit of this process alone. */
export function createLocalGate({
  rules,
  onChange,
  clock,
}: GateOptions & { readonly clock: Clock }): LocalGate {
  let circuit = initialCircuit;
  let probesAsked = 0;

  const become = (next: Circuit): void => {
    const from = circuit;
    if (next === from) return;
    circuit = next;
    if (next.generation !== from.generation)
      onChange(next.kind === 'closed', { scope: 'local', from, to: next });
  };

  return {
    circuit: () => circuit,
    adopt: (adopted) => {
      circuit = adopted;
    },
    view: () => ({
      ...viewOf(circuit, clock.now()),
      scope: 'local',
      generation: circuit.generation,
    }),
    ask() {
      const now = clock.now();
      // In two steps, so that a probe's silence is reported even where the next probe follows at once.
      become(noteSilence(circuit, rules, now));
      probesAsked += 1;
      const id = String(probesAsked);
      become(admitProbe(circuit, { id, by: HERE }, rules, now));
      return admissionOf(circuit, id, now, 'local');
    },
    answer({ id, generation }, verdict) {
      const now = clock.now();
      become(noteSilence(circuit, rules, now));
      become(answerProbe(circuit, { id, generation, verdict }, rules, now));
    },
    trip(reason) {
      // Alone there is nobody else to ask.
      const alone = { ...rules, quorum: 1 };
      const { generation } = circuit;
      become(trip(circuit, { generation, by: HERE, reason }, alone, clock.now()));
    },
    isolate(why) {
      become(isolate(circuit, why, clock.now()));
      return Promise.resolve();
    },
    reset() {
      become(reset(circuit));
      return Promise.resolve();
    },
  };
}
