import { mcpServer, text, tool, type ToolLimits } from '@flyball/mcp';
import { z } from 'zod';
import { allocateBuffersForEver, allocateForEver, exitItself, spinForever } from './faults.ts';

const limits: ToolLimits = { timeoutMs: 1_000 };

/** Reached long before the deadline. */
const small: ToolLimits = { timeoutMs: 60_000, memoryMb: 150 };

const value = z.object({ value: z.string() });

export default mcpServer({
  name: 'faults',
  tools: {
    echo: tool({ input: value, run: ({ value }) => text(value) }),
    isolated_echo: tool({ isolation: 'process', input: value, run: ({ value }) => text(`${value} from ${process.pid}`) }),
    spin: tool({ isolation: 'process', limits, run: () => spinForever() }),
    allocate: tool({ isolation: 'process', limits, run: () => allocateForEver() }),
    allocate_buffers: tool({ isolation: 'process', limits, run: () => allocateBuffersForEver() }),
    exit: tool({ isolation: 'process', limits: { timeoutMs: 10_000 }, run: () => exitItself() }),
    outgrow: tool({ isolation: 'process', limits: small, run: () => allocateForEver() }),
    outgrow_buffers: tool({ isolation: 'process', limits: small, run: () => allocateBuffersForEver() }),
    /** No isolation: this one takes the node along. */
    spin_inline: tool({ limits, run: () => spinForever() }),
  },
});
