// The figures of the spine: one MCP server, hot-upgraded, handed over.
import type { Suite } from './harness/figure.ts';
import { castVersusBeam } from './figures/cast-vs-beam.ts';
import { handOverFailed } from './figures/hand-over.ts';
import { mcpVersusBare, versusSdk } from './figures/mcp-throughput.ts';
import { startFigures } from './figures/start-time.ts';
import { swapPause } from './figures/swap-pause.ts';

const mcpVersusSdk = versusSdk({
  name: 'mcp_vs_sdk',
  dialect: 'sessionful',
  application: 'echo-counted',
  atLeast: 8,
  about: 'requests/s ours, telemetry counted, ÷ the official SDK v2 sessionful, enableJsonResponse; 2025-11-25',
});

const suite: Suite = {
  name: 'spine',
  about: 'One MCP server on real input, hot-upgraded and handed over.',
  figures: [mcpVersusSdk, mcpVersusBare, swapPause, handOverFailed, ...startFigures, castVersusBeam],
};

export default suite;
