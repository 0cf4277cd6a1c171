import { cast, named } from '@flyball/kernel';
import { mcpServer, text, tool, type ToolContext, type ToolLimits, type ToolResult } from '@flyball/mcp';
import { z } from 'zod';
import type { witness } from './witness.ts';

const witnessed = named<typeof witness>('conversation_witness');
const limits: ToolLimits = { timeoutMs: 60_000 };
const label = z.object({ label: z.string() });

export default mcpServer({
  name: 'conversation',
  version: '0.1.0',
  tools: {
    ask: tool({ limits, input: z.object({}), run: (_, context) => greet(context) }),
    ask_isolated: tool({ limits, isolation: 'process', input: z.object({}), run: (_, context) => greet(context) }),
    /** Runs until somebody notes `release <label>`, or until it is cancelled. */
    hold: tool({
      limits,
      input: label,
      run: async ({ label }, { progress, self, signal }) => {
        signal.addEventListener('abort', () => cast(witnessed, 'note', `aborted ${label}`), { once: true });
        progress({ progress: 1, message: 'running' });
        await self.call(witnessed, 'wait', `release ${label}`, { timeoutMs: Infinity });
        return text(`released ${label}`);
      },
    }),
    /** Runs until it is cancelled. */
    hold_isolated: tool({
      limits,
      isolation: 'process',
      input: label,
      run: async ({ label }, { progress, signal }) => {
        progress({ progress: 1, message: 'running' });
        await new Promise((resolve) => {
          // The pending read keeps nothing alive; the channel to the pool does.
          signal.addEventListener('abort', resolve, { once: true });
        });
        console.log(`isolated tool aborted: ${label}`);
        return text('aborted');
      },
    }),
    count: tool({
      input: z.object({ to: z.int().min(1).max(100) }),
      run: async ({ to }, { progress }) => {
        for (let at = 1; at <= to; at += 1) progress({ progress: at, total: to, message: `step ${at}` });
        return text(`counted to ${to}`);
      },
    }),
    /** More progress than a client can read that does not. */
    flood: tool({
      limits,
      input: z.object({ megabytes: z.int(), label: z.string() }),
      run: async ({ megabytes, label }, { progress, self }) => {
        const message = 'x'.repeat(10_000);
        for (let sent = 1; sent <= megabytes * 100; sent += 1) {
          progress({ progress: sent, message });
          // A call to a process lets the others have their turn.
          if (sent % 100 === 0) await self.call(witnessed, 'notes');
        }
        cast(witnessed, 'note', `flooded ${label}`);
        return text(`flooded ${label}`);
      },
    }),
    note: tool({
      input: z.object({ note: z.string() }),
      run: ({ note }) => {
        cast(witnessed, 'note', note);
        return text('noted');
      },
    }),
    /** Answers when the note is there. */
    wait: tool({ limits, input: z.object({ note: z.string() }), run: async ({ note }, { self }) => text(await self.call(witnessed, 'wait', note, { timeoutMs: Infinity })) }),
  },
});

async function greet({ elicit }: ToolContext): Promise<ToolResult> {
  const answer = await elicit({ message: 'Who are you?', schema: z.object({ name: z.string().min(1) }) });
  return text(answer.action === 'accept' ? `hello ${answer.content.name}` : `nobody: ${answer.action}`);
}
