/** What of an OpenAPI document is needed to judge a response, with references to its schemas. */
export type DocumentedOperation = {
  readonly method: string;
  readonly path: string;
  readonly pattern: RegExp;
  readonly responses: readonly DocumentedResponse[];
};

/** `status` is a number, a range such as `4XX`, or `default`. */
export type DocumentedResponse = {
  readonly status: string;
  readonly content: readonly { readonly type: string; readonly schemaRef: string | undefined }[];
  readonly headers: readonly {
    readonly name: string;
    readonly required: boolean;
    readonly schemaRef: string | undefined;
  }[];
};

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];

/** All operations of a document, those with the fewest parameters first. */
export function listOperations(document: object): DocumentedOperation[] {
  const paths = member(document, 'paths');
  if (!isObject(paths)) throw new Error('The OpenAPI document has no paths.');
  return Object.entries(paths)
    .flatMap(([path, item]) =>
      methods.flatMap((method) => {
        const operation = member(item, method);
        if (!isObject(operation)) return [];
        const pointer = `openapi#/paths/${escape(path)}/${method}`;
        return [
          {
            method: method.toUpperCase(),
            path,
            pattern: patternOf(path),
            responses: responsesOf(document, operation, pointer),
          },
        ];
      }),
    )
    .sort((a, b) => parameters(a.path) - parameters(b.path));
}

/** The operation that a request belongs to; a literal path goes before one with a parameter. */
export function findOperation(
  operations: readonly DocumentedOperation[],
  method: string,
  path: string,
): DocumentedOperation | undefined {
  const bare = path.replace(/[?#].*$/s, '');
  const matching = operations.filter(({ pattern }) => pattern.test(bare));
  const exact = matching.find((operation) => operation.method === method);
  return (
    exact ??
    (method === 'HEAD' ? matching.find((operation) => operation.method === 'GET') : undefined)
  );
}

/** The response for a status: exact, then its range, then the default. */
export const responseFor = (
  { responses }: DocumentedOperation,
  status: number,
): DocumentedResponse | undefined =>
  [String(status), `${Math.floor(status / 100)}XX`, 'default']
    .map((wanted) =>
      responses.find((response) => response.status.toUpperCase() === wanted.toUpperCase()),
    )
    .find((response) => response !== undefined);

/** The documented media type that a content type falls under, parameters aside. */
export function mediaTypeFor(
  response: DocumentedResponse,
  contentType: string,
): DocumentedResponse['content'][number] | undefined {
  const bare = essence(contentType);
  const wanted = [bare, `${bare.split('/')[0] ?? ''}/*`, '*/*'];
  return wanted
    .map((type) => response.content.find((media) => essence(media.type) === type))
    .find((media) => media !== undefined);
}

const essence = (contentType: string): string =>
  contentType.replace(/;.*$/s, '').trim().toLowerCase();

function responsesOf(document: object, operation: object, pointer: string): DocumentedResponse[] {
  const responses = member(operation, 'responses');
  if (!isObject(responses)) return [];
  return Object.entries(responses).map(([status, given]) => {
    const { value, pointer: at } = resolve(document, given, `${pointer}/responses/${status}`);
    return {
      status,
      content: entries(value, 'content').map(([type, media]) => ({
        type,
        schemaRef: schemaRefOf(media, `${at}/content/${escape(type)}`),
      })),
      headers: entries(value, 'headers').map(([name, header]) => {
        const resolved = resolve(document, header, `${at}/headers/${escape(name)}`);
        return {
          name,
          required: member(resolved.value, 'required') === true,
          schemaRef: schemaRefOf(resolved.value, resolved.pointer),
        };
      }),
    };
  });
}

const schemaRefOf = (holder: unknown, pointer: string): string | undefined =>
  member(holder, 'schema') === undefined ? undefined : `${pointer}/schema`;

/** Follows `$ref` within the document. */
function resolve(
  document: object,
  value: unknown,
  pointer: string,
): { value: unknown; pointer: string } {
  const ref = member(value, '$ref');
  if (typeof ref !== 'string' || !ref.startsWith('#/')) return { value, pointer };
  const steps = ref.slice(2).split('/').map(unescape);
  const target = steps.reduce<unknown>((holder, step) => member(holder, step), document);
  return resolve(document, target, `openapi${ref}`);
}

function patternOf(path: string): RegExp {
  const source = path
    .split(/(\{[^}]+\})/)
    .map((part) => (part.startsWith('{') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('');
  return new RegExp(`^${source}$`);
}

const parameters = (path: string): number => path.split('{').length;
const escape = (step: string): string =>
  encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'));
const unescape = (step: string): string =>
  decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const member = (holder: unknown, name: string): unknown =>
  isObject(holder) && Object.hasOwn(holder, name) ? Reflect.get(holder, name) : undefined;

function entries(holder: unknown, name: string): [string, unknown][] {
  const value = member(holder, name);
  return isObject(value) ? Object.entries(value) : [];
}
