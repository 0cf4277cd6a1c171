// The policy of the tool guard: which pack, roles and preconditions each tool has, and what it may use while it runs.
import type { MachineRules } from '../../governor/machine.ts';
import { machineFields } from '../../policy/machine-fields.ts';
import { policySchema, type Field, type NumberField, type PolicyProblem } from '../../policy/schema.ts';

/** What must be true of the facts that come with a call. An absent fact makes it false. */
export interface Precondition {
  readonly fact: string;
  readonly is: 'true' | 'false' | 'at_least' | 'at_most';
  /** For `at_least` and `at_most`. */
  readonly value: number;
}

export interface ToolRule {
  /** '' needs none: the tenant's entitlement is enough. */
  readonly pack: string;
  /** The caller needs one of them; none named: any caller. */
  readonly roles: readonly string[];
  readonly preconditions: readonly Precondition[];
  readonly timeoutMs: number | null;
  readonly memoryBytes: number | null;
}

export interface ToolPolicy extends MachineRules {
  readonly tools: Readonly<Record<string, ToolRule>>;
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  readonly callsPerDayMax: number | null;
  readonly exceedWindowMs: number;
  readonly exceedWarn: number;
  readonly exceedRefuse: number;
  readonly pauseMaxMs: number;
}

/** Bounds of what the state may hold, so that it fits 4,096 bytes. */
export const packsMax = 24;
export const offendersMax = 8;
const toolName = /^[A-Za-z0-9_.:/-]{1,128}$/;
const word = '^[A-Za-z0-9_.:-]{0,40}$';

function integer(unit: string, [min, value, max]: readonly [number, number, number], effect: string): NumberField {
  return { type: 'integer', unit, min, max, default: value, effect };
}

const timeout = integer('ms', [1, 30_000, 86_400_000], 'How long a call may run before whoever enforces it ends it.');
const memory = integer('bytes', [1_048_576, 536_870_912, 1_099_511_627_776], 'How much memory a call may use before whoever enforces it ends it.');

const precondition: Field<Precondition> = {
  type: 'group', default: { fact: 'ready', is: 'true', value: 0 }, effect: 'One precondition.',
  fields: {
    fact: { type: 'text', lengthMax: 100, default: 'ready', effect: 'The name of a fact that comes with the call; without it the call is refused.' },
    is: { type: 'choice', choices: ['true', 'false', 'at_least', 'at_most'], default: 'true', effect: 'What must hold of the fact.' },
    value: { type: 'number', unit: '', min: -1e15, max: 1e15, default: 0, effect: 'What `at_least` and `at_most` compare with.' },
  },
};

const tool: Field<ToolRule> = {
  type: 'group', default: { pack: '', roles: [], preconditions: [], timeoutMs: null, memoryBytes: null }, effect: 'One tool.',
  fields: {
    pack: { type: 'text', lengthMax: 40, pattern: word, default: '', effect: 'The tool is there only while this pack is active; "": the tenant\'s entitlement is enough.' },
    roles: { type: 'list', lengthMin: 0, lengthMax: 50, of: { type: 'text', lengthMax: 100, default: 'operator', effect: 'Role.' }, default: [], effect: 'The caller needs one of these roles; none: any caller.' },
    preconditions: { type: 'list', lengthMin: 0, lengthMax: 20, of: precondition, default: [], effect: 'All of them must hold; the first that does not is the reason.' },
    timeoutMs: { type: 'optional', of: timeout, default: null, effect: 'This tool\'s own limit; null: the common one.' },
    memoryBytes: { type: 'optional', of: memory, default: null, effect: 'This tool\'s own limit; null: the common one.' },
  },
};

export const toolPolicySchema = policySchema<ToolPolicy>('tool_guard', {
  tools: { type: 'map', sizeMax: 10_000, of: tool, default: {}, effect: 'Tool → what it asks of a call. A tool that is not here is refused.' },
  timeoutMs: timeout,
  memoryBytes: memory,
  callsPerDayMax: { type: 'optional', of: integer('calls', [1, 100_000, 1_000_000_000_000], 'Quota.'), default: null, effect: 'Calls admitted in a UTC day; null: no limit.' },
  exceedWindowMs: integer('ms', [1_000, 300_000, 86_400_000], 'A tool that has kept its limits for this long has a clean record again.'),
  exceedWarn: integer('calls', [1, 3, 1_000_000], 'So many calls of one tool beyond their limits are a warning; if it persists, the tool is paused.'),
  exceedRefuse: integer('calls', [1, 30, 1_000_000], 'So many calls of all tools beyond their limits make the guard refuse everything.'),
  pauseMaxMs: integer('ms', [0, 3_600_000, 86_400_000], 'A tool that goes on breaking its limits is paused twice as long each time, up to this.'),
  ...machineFields,
}, [toolNames, fewPacks, warnFirst]);

function toolNames({ tools }: ToolPolicy): PolicyProblem | null {
  const wrong = Object.keys(tools).find((name) => !toolName.test(name));
  return wrong === undefined ? null : { field: `tools.${wrong.slice(0, 40)}`, problem: `is no name of a tool: it must match ${toolName.source}` };
}

function fewPacks({ tools }: ToolPolicy): PolicyProblem | null {
  const count = new Set(Object.values(tools).map(({ pack }) => pack)).size;
  return count <= packsMax ? null : { field: 'tools', problem: `name ${count} packs; ${packsMax} at most` };
}

function warnFirst({ exceedWarn, exceedRefuse }: ToolPolicy): PolicyProblem | null {
  return exceedRefuse > exceedWarn ? null : { field: 'exceedRefuse', problem: `must be more than exceedWarn (${exceedWarn}), not ${exceedRefuse}` };
}
