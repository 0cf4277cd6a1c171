// The least that an HTTP server of Node's can do for the same exchange: collect the body, parse it as JSON,
// answer the bytes that ours answers. These are given on the command line as ours sent them once:
// {"headers":[[name,value],…],"body":"…"}, in whose body the id and the text are to be replaced.
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { announce } from './announce.ts';

interface Call {
  readonly id: number;
  readonly params: { readonly arguments: { readonly text: string } };
}

interface Sample {
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly id: number;
  readonly text: string;
}

const DEFAULT: Sample = {
  headers: [['content-type', 'application/json']],
  body: '{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"hello"}]}}',
  id: 1,
  text: 'hello',
};

const argument = process.argv[2];
const sample = argument === undefined ? DEFAULT : (JSON.parse(argument) as Sample);
const render = renderer(sample);
const headers = Object.fromEntries(sample.headers);

/** A template of the sample's body: what stands before, between and after its id and its text. */
function renderer({ body, id, text }: Sample): (call: Call) => string {
  const idText = `"id":${id}`;
  const quoted = JSON.stringify(text);
  const [beforeId, afterId] = cut(body, idText);
  const idIsFirst = !beforeId.includes(quoted);
  const [beforeText, afterText] = cut(idIsFirst ? afterId : beforeId, quoted);
  return ({ id: calledId, params }) => {
    const textPart = beforeText + JSON.stringify(params.arguments.text) + afterText;
    return idIsFirst ? `${beforeId}"id":${calledId}${textPart}` : `${textPart}"id":${calledId}${afterId}`;
  };
}

function cut(whole: string, at: string): [string, string] {
  const index = whole.indexOf(at);
  if (index < 0) throw new Error(`the sample answer has no ${at}: ${whole}`);
  return [whole.slice(0, index), whole.slice(index + at.length)];
}

function answer(response: ServerResponse, chunks: Buffer[]): void {
  const [only] = chunks;
  const bytes = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
  const body = render(JSON.parse(bytes.toString()) as Call);
  response.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

announce(
  createServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => answer(response, chunks));
  }),
);
