import { mcpServer, text, tool } from '@flyball/mcp';
import { z } from 'zod';

export default mcpServer({ name: 'fragile', tools: { echo: tool({ input: z.object({ value: z.string() }), run: ({ value }) => text(value) }) } });
