// Calls of language models: what they cost is known only when they end, and a few of them cost most of it.
// 0.5 s + 20 ms a token; output sizes log-normal (heavy-tailed), cut at what the caller allowed.
import type { Random } from '@flyball/kernel';
import { logNormal } from './distributions.ts';

export interface LlmCall {
  readonly atMs: number;
  readonly endMs: number;
  readonly caller: number;
  /** Integer micro-currency units, as budgets are: the most that it can cost, and what it costs. */
  readonly costMaxMicros: number;
  readonly costMicros: number;
}

export const LLM_LOAD = {
  baseMs: 500,
  msPerToken: 20,
  /** Median 150, mean 270, one in a hundred above 1,600: the shape of published chat traces. */
  outputTokens: { median: 150, sigma: 1.05 },
  outputTokensMax: [256, 512, 1_024, 2_048, 4_096],
  inputTokens: { median: 400, sigma: 1 },
  inputTokensMax: 32_000,
  /** 3 and 15 currency units a million tokens. */
  microsPerInputToken: 3,
  microsPerOutputToken: 15,
  callers: 50,
} as const;

const MAX_OF_4096 = LLM_LOAD.outputTokensMax.at(-1)!;

/** Each caller allows the smallest customary maximum that is at least twice his wish, as people set it. */
export function llmCall(random: Random, atMs: number, caller: number): LlmCall {
  const wished = Math.max(1, Math.round(logNormal(random, LLM_LOAD.outputTokens)));
  const allowed = LLM_LOAD.outputTokensMax.find((most) => most >= 2 * wished) ?? MAX_OF_4096;
  const input = Math.min(LLM_LOAD.inputTokensMax, Math.max(1, Math.round(logNormal(random, LLM_LOAD.inputTokens))));
  const output = Math.min(wished, allowed);
  const inputMicros = input * LLM_LOAD.microsPerInputToken;
  return {
    atMs,
    endMs: atMs + LLM_LOAD.baseMs + LLM_LOAD.msPerToken * output,
    caller,
    costMaxMicros: inputMicros + allowed * LLM_LOAD.microsPerOutputToken,
    costMicros: inputMicros + output * LLM_LOAD.microsPerOutputToken,
  };
}

/** One call an arrival, of one of the callers, who do not wait for each other. */
export function llmCalls(times: Float64Array, random: Random): LlmCall[] {
  return Array.from(times, (atMs) => llmCall(random, atMs, random.below(LLM_LOAD.callers)));
}
