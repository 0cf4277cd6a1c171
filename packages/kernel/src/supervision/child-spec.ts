// Child specifications, checked and completed with OTP's defaults.
import { slotKey, Slot } from '../code/slot.ts';
import { KernelError } from '../errors.ts';
import type { Behaviour, StartOptions } from '../process/behaviour.ts';

export type Restart = 'permanent' | 'transient' | 'temporary';
/** Milliseconds to stop in order before it is killed. */
export type Shutdown = 'brutal_kill' | 'infinity' | number;

export interface ChildSpec {
  /** Unique within the supervisor. */
  id: string;
  /** What to start, and what its init takes. */
  // oxlint-disable-next-line typescript/no-explicit-any -- each child has its own argument type
  start: readonly [behaviour: Behaviour<any, any>, argument?: any];
  name?: string;
  /** permanent unless given. */
  restart?: Restart;
  /** 5,000 ms unless given; 'infinity' for supervisors. */
  shutdown?: Shutdown;
  options?: StartOptions;
}

export interface CheckedChildSpec {
  readonly id: string;
  readonly behaviour: Behaviour;
  readonly argument: unknown;
  readonly restart: Restart;
  readonly shutdown: Shutdown;
  readonly options: StartOptions;
}

export function checkChildSpecs(specs: readonly ChildSpec[], where: string): CheckedChildSpec[] {
  const ids = new Set<string>();
  return specs.map((spec) => {
    const checked = checkChildSpec(spec, where);
    if (ids.has(checked.id)) throw bad(where, `two children have the id "${checked.id}"`);
    ids.add(checked.id);
    return checked;
  });
}

export function checkChildSpec(spec: ChildSpec, where: string): CheckedChildSpec {
  if (typeof spec !== 'object' || spec === null) throw bad(where, 'a child specification is an object {id, start, …}');
  const { id, start, restart = 'permanent' } = spec;
  if (typeof id !== 'string' || id === '') throw bad(where, 'a child needs an id, a text that is not empty');
  const behaviour = Array.isArray(start) ? (start[0] as Behaviour | undefined) : undefined;
  if (behaviour === undefined || !(behaviour[slotKey] instanceof Slot)) throw bad(where, `child "${id}": start is [behaviour, argument], the behaviour made by genServer(), supervisor() and the like`);
  if (restart !== 'permanent' && restart !== 'transient' && restart !== 'temporary') throw bad(where, `child "${id}": restart is permanent, transient or temporary, not ${JSON.stringify(restart)}`);
  const { shutdown = defaultShutdown(behaviour) } = spec;
  if (shutdown !== 'brutal_kill' && shutdown !== 'infinity' && !(typeof shutdown === 'number' && shutdown >= 0)) {
    throw bad(where, `child "${id}": shutdown is brutal_kill, infinity or milliseconds, not ${JSON.stringify(shutdown)}`);
  }
  const options = spec.name === undefined ? (spec.options ?? {}) : { ...spec.options, name: spec.name };
  return { id, behaviour, argument: spec.start[1], restart, shutdown, options };
}

// A supervisor must be given the time to stop what is below it (OTP, supervisor:child_spec()).
function defaultShutdown(behaviour: Behaviour): Shutdown {
  return behaviour[slotKey].current.driver.kind === 'supervisor' ? 'infinity' : 5_000;
}

function bad(where: string, what: string): KernelError {
  return new KernelError('bad-child-spec', `${where}: ${what}`);
}
