/** One thing that is wrong with what an operator wrote. */
export type RouteFault = {
  code:
    | 'id_invalid'
    | 'path_invalid'
    | 'methods_invalid'
    | 'target_invalid'
    | 'target_unknown'
    | 'target_not_allowed'
    | 'stage_unknown';
  /** The field, as a JSON pointer. */
  pointer: string;
  value: string;
  problem: string;
  remedy: string;
  /** Where in the value, counted from 1. */
  position?: number;
};
