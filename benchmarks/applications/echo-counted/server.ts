// The same as ../echo/server.ts; an application's modules stay within its folder.
import { mcpServer, text, tool } from '@flyball/mcp';
import * as z from 'zod';

export default mcpServer({
  name: 'echo',
  version: '1.0.0',
  tools: {
    echo: tool({
      description: 'Answers with the text it was given',
      input: z.object({ text: z.string() }),
      run: ({ text: given }) => text(given),
    }),
  },
});
