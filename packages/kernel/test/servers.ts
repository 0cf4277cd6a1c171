// Servers that several tests start; each named for what it does.
import { genServer, noReply, reply, stop, type ExitReason, type Pid, type Self } from '../src/index.ts';

/** A promise that the test settles. */
export interface Gate<T = void> {
  readonly promise: Promise<T>;
  open(value: T): void;
  break(error: Error): void;
}

export function gate<T = void>(): Gate<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  return { promise, open: resolve, break: reject };
}

export const counter = genServer({
  init: (start: number) => ({ count: start }),
  calls: {
    add: (state, by: number) => reply(state.count + by, { count: state.count + by }),
    get: (state) => reply(state.count),
    crash: (): never => {
      throw new Error('asked to crash');
    },
    end: (_state, reason: ExitReason) => stop(reason, { answer: 'ending' }),
    end_silently: (_state, reason: ExitReason) => stop(reason),
  },
  casts: {
    add: (state, by: number) => ({ count: state.count + by }),
    crash: (): never => {
      throw new Error('told to crash');
    },
    end: (_state, reason: ExitReason) => stop(reason),
  },
});

/** Puts down all that its `info` gets. */
export const listener = genServer({
  init: (options: { trapExit?: boolean } | undefined, self: Self) => {
    self.trapExit(options?.trapExit === true);
    return { heard: [] as unknown[] };
  },
  calls: {
    heard: (state) => reply(state.heard),
    link: (_state, to: Pid, self) => {
      self.link(to);
      return reply(true);
    },
    unlink: (_state, to: Pid, self) => {
      self.unlink(to);
      return reply(true);
    },
    monitor: (_state, to: Pid, self) => reply(self.monitor(to)),
    demonitor: (_state, ref: number, self) => {
      self.demonitor(ref);
      return reply(true);
    },
    exit: (_state, order: { to: Pid; reason: ExitReason }, self) => {
      self.exit(order.to, order.reason);
      return reply(true);
    },
    later: (_state, order: { delayMs: number; message: unknown }, self) => reply(self.sendAfter(order.delayMs, order.message)),
    cancel: (_state, timer: number, self) => reply(self.cancelTimer(timer)),
    give: (_state, order: { timer: number; to: Pid }, self) => reply(self.givePort(order.timer, order.to)),
    register: (_state, name: string, self) => {
      self.register(name);
      return reply(true);
    },
    start_linked: async (_state, _nothing: void, self) => reply(await self.start(counter, 0)),
  },
  info: (state, message: unknown) => ({ heard: [...state.heard, message] }),
});

/** Keeps its callers until it is told to answer them. */
export const deferring = genServer({
  init: () => ({ callers: [] as number[] }),
  calls: {
    ask: (state, _question: string, self) => noReply({ callers: [...state.callers, self.caller] }),
    ask_and_answer: (state, _question: string, self) => {
      void self.caller;
      return reply('at once', state);
    },
    release: (state, answer: string, self) => reply(state.callers.map((caller) => self.answer(caller, answer)), { callers: [] }),
  },
});
