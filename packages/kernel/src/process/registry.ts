// Local names of processes. Cluster-wide names are a `Distribution`'s.
import { KernelError } from '../errors.ts';
import type { Process } from './process.ts';

const names = new Map<string, Process>();

/** Throws 'name-taken' if another live process has the name. */
export function registerName(name: string, process: Process): void {
  const holder = names.get(name);
  if (holder !== undefined && holder !== process) {
    throw new KernelError('name-taken', `the name "${name}" is registered to ${holder.pid}; stop that process or choose another name`);
  }
  // Like OTP: one name a process, which goes with it.
  if (process.name !== undefined && process.name !== name) {
    throw new KernelError('name-taken', `${process.pid} has the name "${process.name}"; a process has one name at a time`);
  }
  names.set(name, process);
  process.name = name;
}

export function unregisterName(name: string, process: Process): void {
  if (names.get(name) === process) names.delete(name);
  if (process.name === name) process.name = undefined;
}

export function processNamed(name: string): Process | undefined {
  return names.get(name);
}

export function registeredNames(): string[] {
  return [...names.keys()].sort();
}
