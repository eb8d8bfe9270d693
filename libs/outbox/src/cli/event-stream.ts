/** One block of a stream of server-sent events. Without `data` it only moves the id on. */
export type StreamBlock = {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string | undefined;
};

/** A block with more characters is not one that we want to hold in memory. */
const LONGEST_BLOCK = 16 * 1024 * 1024;

/**
 * The blocks of a stream as the HTML standard has them, comments too: they are empty blocks, a sign of life.
 *
 * @throws Error for a block of more than 16 Mi characters, and what the stream fails with
 */
export async function* readBlocks(
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<StreamBlock, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true });
    // A CR at the end may be half of a line end.
    const held = rest.endsWith('\r') ? '\r' : '';
    const lines = rest.slice(0, rest.length - held.length).replace(/\r\n?/g, '\n');
    const blocks = lines.split('\n\n');
    rest = (blocks.pop() ?? '') + held;
    if (rest.length > LONGEST_BLOCK) throw new Error('the stream sends a block without an end');
    yield* blocks.map(readBlock);
  }
}

function readBlock(text: string): StreamBlock {
  let event = 'message';
  let id: string | undefined;
  const data: string[] = [];
  for (const line of text.split('\n')) {
    const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === 'event') event = value;
    else if (name === 'id') id = value;
    else if (name === 'data') data.push(value);
  }
  return { event, id, data: data.length === 0 ? undefined : data.join('\n') };
}
