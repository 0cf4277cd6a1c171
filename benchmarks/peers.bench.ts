// The peers alone, in absolute numbers: whether they can be driven and the load generator has room to spare.
import type { Conditions, Figure, Suite } from './harness/figure.ts';
import { sampleBare, sampleSdk, sideText } from './figures/mcp-throughput.ts';
import { describeSample } from './harness/service-window.ts';
import type { ServiceSample } from './harness/service-window.ts';
import { medianOf } from './harness/pairs.ts';

type Take = (conditions: Conditions) => Promise<ServiceSample>;

function peerFigure(name: string, about: string, take: Take): Figure {
  return {
    name,
    unit: 'requests/s',
    about,
    async measure(conditions) {
      const samples: ServiceSample[] = [];
      for (let number = 0; number < conditions.pairs; number++) {
        const sample = await take(conditions);
        conditions.say(describeSample(sample));
        if (sample.failed > 0) return { kind: 'broken', reason: `${sample.failed} requests failed: ${sample.failures}` };
        samples.push(sample);
      }
      const load = medianOf(samples, (sample) => sample.loadCpuUs).toFixed(1);
      const value = medianOf(samples, (sample) => sample.requestsPerSecond);
      return { kind: 'measured', value, detail: `${sideText(samples)}; load generator ${load} µs CPU a request` };
    },
  };
}

const suite: Suite = {
  name: 'peers',
  about: 'The servers that ours is compared with, by themselves: tools/call of an echo, 32 keep-alive connections.',
  figures: [
    peerFigure('bare_http', 'bare node:http, body parsed as JSON', (conditions) => sampleBare(conditions)),
    peerFigure('sdk_sessionful', 'official SDK v2, sessionful, enableJsonResponse, 2025-11-25', (conditions) => sampleSdk('sessionful', conditions)),
    peerFigure('sdk_stateless', 'official SDK v2, createMcpHandler, 2026-07-28', (conditions) => sampleSdk('stateless', conditions)),
  ],
};

export default suite;
