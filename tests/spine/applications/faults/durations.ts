// How long each call took, as the node itself saw it: from its start to the answer given.
import { cast, genServer, reply, type Self } from '@flyball/kernel';
import { toolCallEnded } from '@flyball/mcp';

export const durations = genServer({
  init: (_: void, self: Self): Record<string, number[]> => {
    const { pid } = self;
    toolCallEnded.subscribe(({ tool, durationMs }) => cast<{ casts: { ended: (state: unknown, call: { tool: string; durationMs: number }) => unknown } }>(pid as never, 'ended', { tool, durationMs }));
    return {};
  },
  calls: {
    of: (state, tool: string) => reply(state[tool] ?? []),
  },
  casts: {
    ended: (state, { tool, durationMs }: { tool: string; durationMs: number }) => ({ ...state, [tool]: [...(state[tool] ?? []), durationMs] }),
  },
});
