// Keeps what has been noted, and tells those who wait for a note as soon as it is there.
import { genServer, noReply, reply, type Self } from '@flyball/kernel';

interface Witness {
  readonly notes: readonly string[];
  readonly waiting: readonly { readonly note: string; readonly caller: number }[];
}

export const witness = genServer({
  init: (): Witness => ({ notes: [], waiting: [] }),
  casts: {
    note: (state, note: string, self: Self) => {
      for (const { caller } of state.waiting.filter((waiter) => waiter.note === note)) self.answer(caller, note);
      return { notes: [...state.notes, note], waiting: state.waiting.filter((waiter) => waiter.note !== note) };
    },
  },
  calls: {
    /** Answered when the note is there. */
    wait: (state, note: string, self) => {
      if (state.notes.includes(note)) return reply(note);
      return noReply<string, Witness>({ ...state, waiting: [...state.waiting, { note, caller: self.caller }] });
    },
    notes: (state) => reply([...state.notes]),
  },
});
