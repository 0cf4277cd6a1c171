// What others do before a tool runs: ask once, and remember the answer for a while; or only ask what the caller is.
import type { ToolCall } from '../tool-load.ts';

export interface ToolDecider {
  readonly name: string;
  readonly source: string;
  /** `isRight`: what somebody who looks everything up now would say. */
  admit(call: ToolCall, isRight: boolean, nowMs: number): boolean;
}

/** Remembers each answer for each caller's role and tool; a right that ended lives on until it is forgotten. */
export function cachedDecision({ allowedMs, refusedMs }: { readonly allowedMs: number; readonly refusedMs: number }): ToolDecider {
  const remembered = new Map<string, { readonly admits: boolean; readonly untilMs: number }>();
  return {
    name: 'cached decision',
    source: `Kubernetes API server, webhook authorizer: an allowed answer is kept ${allowedMs / 60_000} min, a refused one ${refusedMs / 1_000} s unless set (kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver)`,
    admit({ tool, roles }, isRight, nowMs) {
      const key = `${tool} ${roles.join(' ')}`;
      const known = remembered.get(key);
      if (known !== undefined && nowMs < known.untilMs) return known.admits;
      remembered.set(key, { admits: isRight, untilMs: nowMs + (isRight ? allowedMs : refusedMs) });
      return isRight;
    },
  };
}

/** Looks everything up each time, and never learns what the tool does once it runs. */
export const checkEachTime: ToolDecider = {
  name: 'check each time, no limits',
  source: 'entitlement and role are asked before each call; nothing ends one that hangs',
  admit: (_call, isRight) => isRight,
};

export function toolPeers(): ToolDecider[] {
  return [checkEachTime, cachedDecision({ allowedMs: 300_000, refusedMs: 30_000 })];
}
