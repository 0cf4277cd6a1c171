// mcp_vs_sdk, stateless_vs_sdk, mcp_vs_bare: our echo server against the official SDK's and against bare
// node:http, 32 clients that keep their connections, each with one call under way.
import type { Conditions, Figure, Outcome } from '../harness/figure.ts';
import { skipped } from '../harness/figure.ts';
import { measurePairs, medianOf, medianRatio } from '../harness/pairs.ts';
import type { Pairs } from '../harness/pairs.ts';
import type { ServerProcess } from '../harness/server-process.ts';
import { startPeer } from '../harness/server-process.ts';
import { describeSample, isLoadBound, sampleService } from '../harness/service-window.ts';
import type { ServiceSample } from '../harness/service-window.ts';
import { readable } from '../harness/statistics.ts';
import type { Dialect, LoadPlan } from '../load/plan.ts';
import { benchmarkApplication, missingOurs, startOurs } from '../ours/our-node.ts';
import { recordAnswer } from './recorded-answer.ts';

const CLIENTS = 32;
const ANSWER_TIMEOUT_MS = 10_000;

/** `handshake` false: for a server that knows no sessions. */
export function echoPlan(port: number, dialect: Dialect, handshake: boolean): LoadPlan {
  return {
    port,
    crowds: [{ clients: CLIENTS, dialect, connection: 'keep-alive', handshake }],
    pacing: { kind: 'saturate' },
    tool: 'echo',
    answerTimeoutMs: ANSWER_TIMEOUT_MS,
  };
}

async function sampleAndStop(
  server: ServerProcess,
  plan: LoadPlan,
  conditions: Conditions,
): Promise<ServiceSample> {
  try {
    return await sampleService(server, plan, conditions);
  } finally {
    await server.stop();
  }
}

export async function sampleSdk(dialect: Dialect, conditions: Conditions): Promise<ServiceSample> {
  const server = await startPeer(`sdk-${dialect}.ts`, { pin: conditions.pin });
  return sampleAndStop(server, echoPlan(server.port, dialect, true), conditions);
}

/** `answer`: what it answers, as bare-http.ts wants it. */
export async function sampleBare(conditions: Conditions, answer?: string): Promise<ServiceSample> {
  const server = await startPeer('bare-http.ts', { pin: conditions.pin, arguments: answer === undefined ? [] : [answer] });
  return sampleAndStop(server, echoPlan(server.port, 'sessionful', false), conditions);
}

async function sampleOurs(dialect: Dialect, application: string, conditions: Conditions): Promise<ServiceSample> {
  const node = await startOurs({ application: benchmarkApplication(application), pin: conditions.pin });
  return sampleAndStop(node, echoPlan(node.port, dialect, true), conditions);
}

interface VersusSdk {
  readonly name: string;
  readonly dialect: Dialect;
  readonly application: string;
  readonly atLeast?: number;
  readonly about: string;
}

/** Requests/s ours ÷ the official SDK's. */
export function versusSdk({ name, dialect, application, atLeast, about }: VersusSdk): Figure {
  const measure = async (conditions: Conditions): Promise<Outcome> => {
    const missing = missingOurs();
    if (missing !== undefined) return skipped(missing);
    const pairs = await measurePairs(conditions, {
      ours: () => sampleOurs(dialect, application, conditions),
      peer: () => sampleSdk(dialect, conditions),
      describe: describeSample,
      othersBusy: (sample) => sample.othersBusy,
    });
    const ratio = medianRatio(pairs, (sample) => sample.requestsPerSecond);
    return withDetail(pairs, ratio.value, 'SDK', ratio.detail);
  };
  const target = atLeast === undefined ? {} : { target: { comparison: '>=', value: atLeast } as const };
  return { name, unit: 'ratio', about, measure, ...target };
}

export const mcpVersusBare: Figure = {
  name: 'mcp_vs_bare',
  unit: 'ratio',
  target: { comparison: '>=', value: 0.75 },
  about: 'CPU a request of a bare node:http handler that answers the same bytes ÷ ours, protocol 2025-11-25',
  async measure(conditions) {
    const missing = missingOurs();
    if (missing !== undefined) return skipped(missing);
    const answer = await answerOfOurs(conditions);
    const pairs = await measurePairs(conditions, {
      ours: () => sampleOurs('sessionful', 'echo', conditions),
      peer: () => sampleBare(conditions, answer),
      describe: describeSample,
      othersBusy: (sample) => sample.othersBusy,
    });
    const ratio = medianRatio(pairs, (sample) => 1 / sample.serverCpuUs);
    return withDetail(pairs, ratio.value, 'bare', ratio.detail);
  },
};

/** One answer of ours, for the bare server to give the same. */
async function answerOfOurs(conditions: Conditions): Promise<string> {
  const node = await startOurs({ application: benchmarkApplication('echo'), pin: conditions.pin });
  try {
    return JSON.stringify(await recordAnswer(node.port));
  } finally {
    await node.stop();
  }
}

/** A failure, or a load that could not keep up, spoils the figure: it is not a figure then. */
function withDetail({ all }: Pairs<ServiceSample>, value: number, peerName: string, ratio: string): Outcome {
  const ours = all.map((pair) => pair.ours);
  const peer = all.map((pair) => pair.peer);
  const failing = [...ours, ...peer].find((sample) => sample.failed > 0);
  if (failing !== undefined) return { kind: 'broken', reason: `${failing.failed} requests failed: ${failing.failures}` };
  const bound = ours.filter(isLoadBound).length;
  if (bound > all.length / 2) return { kind: 'broken', reason: `the load generator was the limit in ${bound} pairs` };
  const detail = `ours ${sideText(ours)}; ${peerName} ${sideText(peer)}; ${ratio}`;
  return { kind: 'measured', value, detail };
}

export function sideText(samples: readonly ServiceSample[]): string {
  const rate = readable(Math.round(medianOf(samples, (sample) => sample.requestsPerSecond)));
  const cpu = readable(medianOf(samples, (sample) => sample.serverCpuUs));
  const p99 = readable(medianOf(samples, (sample) => sample.latency.p99Ms));
  return `${rate}/s, ${cpu} µs CPU, p99 ${p99} ms`;
}
