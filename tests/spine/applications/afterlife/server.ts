import { call, cast, named } from '@flyball/kernel';
import { mcpServer, text, tool, type ToolContext } from '@flyball/mcp';
import { z } from 'zod';
import { companion, type tally, type witness } from './witness.ts';

const witnessed = named<typeof witness>('afterlife_witness');
const counted = named<typeof tally>('afterlife_tally');
const labelled = z.object({ label: z.string() });

/** Everything that a call's process can do to the node. */
function operations({ self, progress, elicit }: ToolContext): Record<string, () => unknown> {
  return {
    cast: () => self.cast(counted, 'add'),
    send: () => self.send(counted, 'add'),
    call: () => self.call(counted, 'add'),
    start: () => self.start(companion, undefined, { name: 'afterlife_ghost' }),
    register: () => self.register('afterlife_ghost'),
    sendAfter: () => self.sendAfter(1, 'late'),
    exit: () => self.exit(counted, 'kill'),
    trapExit: () => self.trapExit(true),
    elicit: () => elicit({ message: 'Is anybody there?', schema: z.object({ name: z.string() }) }),
    progress: () => progress({ progress: 99 }),
  };
}

async function attempt(operation: () => unknown): Promise<string> {
  try {
    await operation();
    return 'done';
  } catch (error) {
    return String((error as { code?: unknown }).code ?? error);
  }
}

export default mcpServer({
  name: 'afterlife',
  tools: {
    linger: tool({
      limits: { timeoutMs: 60_000 },
      input: labelled,
      run: async ({ label }, context) => await linger(label, context),
    }),
    /** The same with a deadline that passes. */
    linger_briefly: tool({
      limits: { timeoutMs: 200 },
      input: labelled,
      run: async ({ label }, context) => await linger(label, context),
    }),
  },
});

async function linger(label: string, context: ToolContext): Promise<ReturnType<typeof text>> {
  const { self, signal } = context;
  signal.addEventListener('abort', () => cast(witnessed, 'note', { key: `aborted ${label}`, value: true }), { once: true });
  await self.call(witnessed, 'watch', { key: `down ${label}`, pid: self.pid });
  await self.call(witnessed, 'watch', { key: `companion ${label}`, pid: await self.start(companion, undefined) });
  context.progress({ progress: 1 });
  // Asked by nobody's process, so that it goes on whatever becomes of this one.
  await call(witnessed, 'wait', `gate ${label}`, { timeoutMs: Infinity });
  const outcomes: Record<string, string> = {};
  for (const [name, operation] of Object.entries(operations(context))) outcomes[name] = await attempt(operation);
  cast(witnessed, 'note', { key: `tried ${label}`, value: outcomes });
  return text('from the dead');
}
