// application: a named supervision tree with the applications that must run before it.
import { slotKey, upgradable, type Slot } from '../code/slot.ts';
import { KernelError } from '../errors.ts';
import { startBehaviour, type Behaviour } from '../process/behaviour.ts';
import { exitProcess, signalExit } from '../process/exit.ts';
import { watchWith } from '../process/monitor.ts';
import { monitorWith, outside } from '../process/call.ts';
import { processOf, type Pid } from '../process/pid.ts';
import { telemetryEvent } from '../telemetry.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import { cancelTimer, startTimer } from '../timing/timers.ts';
import type { ChildSpec } from './child-spec.ts';
import type { Intensity, Strategy } from './restart-strategy.ts';
import { supervisorDriver, type SupervisorDefinition, type SupervisorProtocol } from './supervisor.ts';

export interface ApplicationOptions<E> {
  /** Unique in the node; the top supervisor is registered as `<name>_sup`. */
  name: string;
  /** In start order; a function gets the application's environment, at start and at each code change. */
  children: readonly ChildSpec[] | ((env: E) => readonly ChildSpec[]);
  strategy?: Strategy;
  intensity?: Intensity;
  /** Names of the applications that must run before. */
  applications?: readonly string[];
  /** Whether each shard starts it, or shard 0 alone. */
  shards?: 'each' | 'one';
}

export interface Application<E = Record<string, unknown>> extends Behaviour<E, SupervisorProtocol> {
  readonly name: string;
}

export interface ApplicationDefinition extends SupervisorDefinition {
  readonly name: string;
  readonly applications: readonly string[];
  readonly shards: 'each' | 'one';
}

export function application<E = Record<string, unknown>>(options: ApplicationOptions<E>): Application<E> {
  const { name, children, strategy = 'one_for_one', intensity = { restarts: 3, periodMs: 5_000 } } = options;
  const definition: ApplicationDefinition = {
    driver: supervisorDriver,
    version: 1,
    name,
    applications: options.applications ?? [],
    shards: options.shards ?? 'each',
    flags: (env) => ({ strategy, intensity, children: typeof children === 'function' ? children(env as E) : children }),
  };
  return upgradable({ name }, definition) as unknown as Application<E>;
}

export const applicationStarted = telemetryEvent<{ name: string; pid: Pid }>('application.started');
export const applicationStopped = telemetryEvent<{ name: string; reason: ExitReason }>('application.stopped');

const running = new Map<string, Pid>();

/** Starts an application; rejects with 'application-failed' if it runs, lacks another one, or its tree does not start. */
export async function startApplication<E>(app: Application<E>, env: E): Promise<Pid> {
  const definition = definitionOf(app);
  if (running.has(definition.name)) throw new KernelError('application-failed', `application "${definition.name}" is running`);
  const missing = definition.applications.filter((name) => !running.has(name));
  if (missing.length > 0) throw new KernelError('application-failed', `application "${definition.name}" needs ${missing.join(', ')}, which must be started before it`);
  const pid = await startTree(app as unknown as Behaviour, definition.name, env);
  running.set(definition.name, pid);
  // It may have ended between its start and this line.
  monitorWith(pid, ({ reason }) => {
    running.delete(definition.name);
    applicationStopped.emit({ name: definition.name, reason });
  });
  if (running.get(definition.name) === pid) applicationStarted.emit({ name: definition.name, pid });
  return pid;
}

async function startTree(app: Behaviour, name: string, env: unknown): Promise<Pid> {
  try {
    return (await startBehaviour(app, env, { name: `${name}_sup` }))!;
  } catch (cause) {
    throw new KernelError('application-failed', `application "${name}": ${(cause as Error).message}`, { cause, reason: (cause as KernelError).reason });
  }
}

/** Stops an application's tree in order; kills it after `deadlineMs`. */
export async function stopApplication(name: string, deadlineMs = Infinity): Promise<void> {
  const pid = running.get(name);
  const top = pid === undefined ? undefined : processOf(pid);
  if (top === undefined) return;
  await new Promise<void>((resolve) => {
    const timer = deadlineMs === Infinity ? undefined : startTimer(deadlineMs, () => exitProcess(top, 'killed'));
    watchWith(top, () => {
      if (timer !== undefined) cancelTimer(timer);
      resolve();
    });
    signalExit(top, outside, 'shutdown');
  });
}

/** Running applications and their top supervisors, in start order. */
export function runningApplications(): { name: string; pid: Pid }[] {
  return [...running].map(([name, pid]) => ({ name, pid }));
}

export function definitionOf(app: Application<never>): ApplicationDefinition {
  const slot = (app as Partial<Application>)[slotKey] as Slot<ApplicationDefinition> | undefined;
  if (slot?.current.flags === undefined || typeof slot.current.name !== 'string') {
    throw new KernelError('application-failed', 'the module exports no application: write `export default application({ name, children })`');
  }
  return slot.current;
}
