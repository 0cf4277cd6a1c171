// Figures of the MCP platform beyond the spine's. No target yet: it belongs to the issue that sets it.
import type { Suite } from './harness/figure.ts';
import { versusSdk } from './figures/mcp-throughput.ts';

const suite: Suite = {
  name: 'mcp',
  about: 'The MCP platform against the official SDK.',
  figures: [
    versusSdk({
      name: 'stateless_vs_sdk',
      dialect: 'stateless',
      application: 'echo',
      about: 'requests/s ours ÷ the official SDK v2, createMcpHandler under toNodeHandler; 2026-07-28',
    }),
  ],
};

export default suite;
