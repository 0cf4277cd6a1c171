// How long each call took, as the node itself saw it: from its start to the answer given.
import { genServer, reply, send, type Self } from '@flyball/kernel';
import { toolCallEnded, type ToolCallEnded } from '@flyball/mcp';

export const durations = genServer({
  init: (_: void, { pid }: Self): Record<string, number[]> => {
    toolCallEnded.subscribe((ended) => send(pid, ended));
    return {};
  },
  calls: {
    of: (state, tool: string) => reply(state[tool] ?? []),
  },
  info: (state, { tool, durationMs }: ToolCallEnded) => ({ ...state, [tool]: [...(state[tool] ?? []), durationMs] }),
});
