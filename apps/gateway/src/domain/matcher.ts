import type { Methods } from './methods.ts';
import type { PathPattern } from './path-pattern.ts';

/** Finds the most specific entry for a method and a decoded path; `undefined` where none takes it. */
export type Matcher<T> = (method: string, path: readonly string[]) => T | undefined;

export type MatcherEntry<T> = { pattern: PathPattern; methods: Methods; value: T };

type Leaf<T> = { byMethod: Map<string, T>; any: T | undefined };

type Node<T> = {
  literals: Map<string, Node<T>>;
  param: Node<T> | undefined;
  tail: Leaf<T> | undefined;
  end: Leaf<T> | undefined;
};

/**
 * Compiles entries into a tree that is walked once a request. The walk tries a literal before a param and
 * a param before the tail, and turns back where a branch has nothing for the method, which is the order
 * of `comparePrecedence`. A node is visited once at most, so a path costs at most the size of the tree.
 */
export function compileMatcher<T>(entries: Iterable<MatcherEntry<T>>): Matcher<T> {
  const root = emptyNode<T>();
  for (const entry of entries) insert(root, entry);
  return (method, path) => walk(root, method, path, 0);
}

function insert<T>(root: Node<T>, { pattern, methods, value }: MatcherEntry<T>): void {
  let node = root;
  let leaf: Leaf<T> | undefined;
  for (const segment of pattern.segments) {
    if (segment.kind === 'tail') leaf = node.tail ??= emptyLeaf();
    else if (segment.kind === 'param') node = node.param ??= emptyNode();
    else node = literalChild(node, segment.text);
  }
  leaf ??= node.end ??= emptyLeaf();
  if (methods.kind === 'any') leaf.any = value;
  else for (const name of methods.names) leaf.byMethod.set(name, value);
}

function walk<T>(
  node: Node<T>,
  method: string,
  path: readonly string[],
  depth: number,
): T | undefined {
  const segment = path[depth];
  if (segment === undefined) return pick(node.end, method);
  const literal = node.literals.get(segment);
  if (literal !== undefined) {
    const found = walk(literal, method, path, depth + 1);
    if (found !== undefined) return found;
  }
  if (node.param !== undefined) {
    const found = walk(node.param, method, path, depth + 1);
    if (found !== undefined) return found;
  }
  return pick(node.tail, method);
}

function pick<T>(leaf: Leaf<T> | undefined, method: string): T | undefined {
  return leaf === undefined ? undefined : (leaf.byMethod.get(method) ?? leaf.any);
}

function literalChild<T>(node: Node<T>, text: string): Node<T> {
  const existing = node.literals.get(text);
  if (existing !== undefined) return existing;
  const child = emptyNode<T>();
  node.literals.set(text, child);
  return child;
}

function emptyNode<T>(): Node<T> {
  return { literals: new Map(), param: undefined, tail: undefined, end: undefined };
}

function emptyLeaf<T>(): Leaf<T> {
  return { byMethod: new Map(), any: undefined };
}
