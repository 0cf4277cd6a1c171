// One job in a runner: finds its target, lets the invoker run it, sends what comes of it.
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { deserialize, serialize } from 'node:v8';
import { slotKey, Slot } from '../code/slot.ts';
import { errorInfo } from '../process/exit-reason.ts';
import type { IsolatedContext } from './job.ts';
import { valueBytesMax, type FromRunner, type RunMessage, type ToRunner } from './runner-protocol.ts';

type Send = (message: FromRunner) => void;
interface Question {
  resolve: (answer: unknown) => void;
  reject: (error: Error) => void;
}

export class RunnerJob {
  readonly id: number;
  readonly #message: RunMessage;
  readonly #send: Send;
  readonly #controller = new AbortController();
  readonly #questions = new Map<number, Question>();
  #lastQuestion = 0;
  #done = false;

  constructor(message: RunMessage, send: Send) {
    this.id = message.id;
    this.#message = message;
    this.#send = send;
  }

  /** Never rejects: whatever happens is sent. */
  async run(): Promise<void> {
    let outcome: FromRunner;
    try {
      const invoke = await loadInvoker(this.#message.invoker);
      const target = await loadTarget(this.#message);
      const result = await invoke(target, deserialize(this.#message.input), this.#context());
      outcome = { type: 'result', id: this.id, value: pack(result, 'the result') };
    } catch (error) {
      outcome = { type: 'failed', id: this.id, error: errorInfo(error) };
    }
    this.#done = true;
    this.#send(outcome);
  }

  take(message: Exclude<ToRunner, RunMessage>): void {
    if (message.type === 'cancel') {
      this.#controller.abort();
      return;
    }
    const question = this.#questions.get(message.question);
    this.#questions.delete(message.question);
    if (message.type === 'answer') question?.resolve(deserialize(message.value));
    else question?.reject(Object.assign(new Error(message.error.message), { name: message.error.name, ...(message.error.code !== undefined && { code: message.error.code }) }));
  }

  #context(): IsolatedContext {
    return {
      signal: this.#controller.signal,
      notify: (message) => {
        // What a finished job still does is nobody's business.
        if (!this.#done) this.#send({ type: 'notify', id: this.id, value: pack(message, 'the notification') });
      },
      ask: (question) => this.#ask(question),
    };
  }

  #ask(question: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#lastQuestion += 1;
      const value = pack(question, 'the question');
      this.#questions.set(this.#lastQuestion, { resolve, reject });
      this.#send({ type: 'ask', id: this.id, question: this.#lastQuestion, value });
    });
  }
}

function pack(value: unknown, what: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = serialize(value);
  } catch (error) {
    throw new TypeError(`${what} is not plain data and cannot leave the isolated process: ${errorInfo(error).message}`, { cause: error });
  }
  if (bytes.byteLength > valueBytesMax) throw new RangeError(`${what} has ${bytes.byteLength} bytes serialized, the limit is ${valueBytesMax}`);
  return bytes;
}

async function loadInvoker(url: string): Promise<(target: unknown, input: unknown, context: IsolatedContext) => unknown> {
  providePlatform(url);
  const { run } = await import(url) as { run?: unknown };
  if (typeof run !== 'function') throw new TypeError(`the invoker ${url} exports no function "run"`);
  return run as (target: unknown, input: unknown, context: IsolatedContext) => unknown;
}

async function loadTarget({ module, export: name, path }: RunMessage): Promise<unknown> {
  const namespace = await import(pathToFileURL(module).href) as Record<string, unknown>;
  if (!Object.hasOwn(namespace, name)) throw new TypeError(`${module} exports no "${name}"`);
  let value = definitionBehind(namespace[name]);
  for (const [at, step] of path.entries()) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) {
      throw new TypeError(`${module}#${name} has no "${path.slice(0, at + 1).join('.')}"`);
    }
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

function definitionBehind(value: unknown): unknown {
  const slot = (value as { [slotKey]?: unknown } | null | undefined)?.[slotKey];
  return slot instanceof Slot ? slot.current : value;
}

let platformUrl: string | undefined;

// An application's directory may lie anywhere, without the platform's packages above it. They are
// then those that the invoker itself sees: one copy of each, and the version that the node runs.
function providePlatform(url: string): void {
  const isFirst = platformUrl === undefined;
  platformUrl = url;
  if (!isFirst) return;
  registerHooks({
    resolve: (specifier, context, nextResolve) => {
      if (!specifier.startsWith('@flyball/')) return nextResolve(specifier, context);
      try {
        return nextResolve(specifier, { ...context, parentURL: platformUrl });
      } catch {
        // A package of that scope which the platform does not have, but the application does.
        return nextResolve(specifier, context);
      }
    },
  });
}
