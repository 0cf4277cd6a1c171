// The gates of a call, in their order: entitlement, role, precondition. The first that refuses gives the reason, and
// the ones after it are not asked: who may not know of a tool learns nothing of its preconditions.
import type { Precondition, ToolPolicy, ToolRule } from './policy.ts';
import type { Facts, ToolAnswer, ToolLimits, ToolSignal, ToolState } from './signals.ts';

export type Call = ToolSignal & { readonly kind: 'call' };
type Gate = NonNullable<ToolAnswer['gate']>;

export function gateOf(policy: ToolPolicy, state: ToolState, call: Call, nowMs: number): ToolAnswer {
  const closed = machineGate(policy, state);
  if (closed) return closed;
  const rule = Object.hasOwn(policy.tools, call.tool) ? policy.tools[call.tool] : undefined;
  if (rule === undefined) return refused('entitlement', 'unknown_tool', `there is no tool ${call.tool.slice(0, 128)}`);
  return entitlementGate(state, call, rule)
    ?? roleGate(call, rule)
    ?? preconditionGate(state, call, rule, nowMs)
    ?? { decision: 'ok', code: 'admitted', reason: '', gate: null, limits: limitsOf(policy, rule, call, nowMs) };
}

function refused(gate: Gate, code: string, reason: string): ToolAnswer {
  return { decision: 'refuse', code, reason, gate, limits: null };
}

function machineGate({ callsPerDayMax }: ToolPolicy, { machine, callsToday }: ToolState): ToolAnswer | null {
  if (machine.name === 'boot') return refused('machine', 'boot', 'the guard has not had its first tick');
  if (!machine.entitled) return refused('entitlement', 'not_entitled', 'the entitlement is not active');
  if (callsPerDayMax !== null && callsToday >= callsPerDayMax) return refused('machine', 'quota_day', `${callsToday} of ${callsPerDayMax} calls of this day were used`);
  return machine.name === 'refusing' ? refused('machine', 'refusing', 'the guard refuses all calls until its tools have kept their limits for the dwell') : null;
}

function entitlementGate({ packs }: ToolState, { tool }: Call, { pack }: ToolRule): ToolAnswer | null {
  if (pack === '' || packs.includes(pack)) return null;
  return refused('entitlement', 'pack_inactive', `${tool} is in the pack ${pack}, which is not active`);
}

function roleGate({ tool, roles }: Call, rule: ToolRule): ToolAnswer | null {
  if (rule.roles.length === 0 || rule.roles.some((role) => roles.includes(role))) return null;
  return refused('role', 'role_missing', `${tool} needs the role ${rule.roles.slice(0, 5).join(' or ')}; the caller has ${roles.length === 0 ? 'none' : roles.slice(0, 5).join(', ').slice(0, 200)}`);
}

function preconditionGate(state: ToolState, call: Call, rule: ToolRule, nowMs: number): ToolAnswer | null {
  if (isPaused(state, call.tool, nowMs)) return refused('precondition', 'tool_paused', `${call.tool} is paused: it went beyond its limits`);
  if (call.deadlineMs !== undefined && call.deadlineMs <= nowMs) return refused('precondition', 'deadline_passed', `the caller's deadline passed ${nowMs - call.deadlineMs} ms ago`);
  const failing = rule.preconditions.find((one) => !holds(one, call.facts));
  return failing ? refused('precondition', 'precondition', `${call.tool} needs ${requirement(failing)}; ${factText(failing.fact, call.facts)}`) : null;
}

function isPaused({ paused, offenders }: ToolState, tool: string, nowMs: number): boolean {
  return paused === tool || offenders.some((one) => one.tool === tool && nowMs < one.pausedUntilMs);
}

function holds({ fact, is, value }: Precondition, facts: Facts): boolean {
  const found = Object.hasOwn(facts, fact) ? facts[fact] : undefined;
  switch (is) {
    case 'true': return found === true;
    case 'false': return found === false;
    case 'at_least': return typeof found === 'number' && found >= value;
    case 'at_most': return typeof found === 'number' && found <= value;
  }
}

function requirement({ fact, is, value }: Precondition): string {
  if (is === 'true' || is === 'false') return `${fact} to be ${is}`;
  return `${fact} to be ${is === 'at_least' ? 'at least' : 'at most'} ${value}`;
}

function factText(fact: string, facts: Facts): string {
  return Object.hasOwn(facts, fact) ? `it is ${facts[fact]}` : 'it is not known';
}

function limitsOf(policy: ToolPolicy, rule: ToolRule, { deadlineMs }: Call, nowMs: number): ToolLimits {
  const timeoutMs = rule.timeoutMs ?? policy.timeoutMs;
  return {
    timeoutMs: deadlineMs === undefined ? timeoutMs : Math.min(timeoutMs, deadlineMs - nowMs),
    memoryBytes: rule.memoryBytes ?? policy.memoryBytes,
  };
}
