import { describeReason, genServer, noReply, reply, type Down, type Pid, type Self } from '@flyball/kernel';

interface Witness {
  readonly notes: Readonly<Record<string, unknown>>;
  readonly waiting: readonly { readonly key: string; readonly caller: number }[];
  /** Whose end is noted under which key, by monitor. */
  readonly watched: Readonly<Record<number, string>>;
}

function noted(state: Witness, key: string, value: unknown, self: Self): Witness {
  for (const waiter of state.waiting) if (waiter.key === key) self.answer(waiter.caller, value);
  return { ...state, notes: { ...state.notes, [key]: value }, waiting: state.waiting.filter((waiter) => waiter.key !== key) };
}

/** Keeps notes and monitors; a call that asks for a note is answered once it is there. */
export const witness = genServer({
  init: (): Witness => ({ notes: {}, waiting: [], watched: {} }),
  casts: {
    note: (state, { key, value }: { key: string; value: unknown }, self: Self) => noted(state, key, value, self),
  },
  calls: {
    open: (state, gate: string, self) => reply('open' as const, noted(state, `gate ${gate}`, true, self)),
    watch: (state, { key, pid }: { key: string; pid: Pid }, self) => reply('watching' as const, { ...state, watched: { ...state.watched, [self.monitor(pid)]: key } }),
    wait: (state, key: string, self) => {
      if (Object.hasOwn(state.notes, key)) return reply(state.notes[key]);
      return noReply<unknown, Witness>({ ...state, waiting: [...state.waiting, { key, caller: self.caller }] });
    },
    /** What is noted now. */
    look: (state, key: string) => reply(state.notes[key] ?? null),
  },
  info: (state, { ref, reason }: Down, self) => noted(state, state.watched[ref] ?? 'unknown', describeReason(reason), self),
});

/** What a dead process must not be able to change. */
export const tally = genServer({
  init: () => ({ count: 0 }),
  calls: { add: ({ count }) => reply(count + 1, { count: count + 1 }), get: ({ count }) => reply(count) },
  casts: { add: ({ count }) => ({ count: count + 1 }) },
  info: ({ count }) => ({ count: count + 1 }),
});

/** Started by a call and linked to it. */
export const companion = genServer({ init: () => ({}), calls: {} });
