/** What is wrong with one setting. `value` is `undefined` when it is missing, `[hidden]` when it is secret. */
export type ConfigFault = {
  readonly name: string;
  readonly value: string | undefined;
  readonly problem: string;
  readonly remedy: string;
};
