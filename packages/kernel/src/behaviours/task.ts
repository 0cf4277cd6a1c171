// task: a process that runs one function and ends. It belongs to the code of a slot: while that
// is being changed, new tasks wait, and those that run are let finish first.
import type { Slot } from '../code/slot.ts';
import type { Context } from '../process/context.ts';
import { exitProcess } from '../process/exit.ts';
import { INFO, Message } from '../process/message.ts';
import { awaitHandler, enqueue, type Definition, type Driver, type Process } from '../process/process.ts';
import { spawnProcess, type SpawnOptions } from '../process/start.ts';

export type TaskBody = (context: Context) => void | Promise<void>;

/** Starts a task; `body` runs in its first turn, never in the caller's stack. */
export function spawnTask(slot: Slot<Definition>, body: TaskBody, options: SpawnOptions = {}): Process {
  const process = spawnProcess(slot, { ...options, driver: taskDriver });
  // Its code is being changed: it runs when the change is through. Servers started meanwhile do not
  // wait, since the tasks that are let finish first may be asking them.
  if (slot.gated) process.suspended = true;
  enqueue(process, new Message(INFO, '', body, undefined));
  return process;
}

export const taskDriver: Driver = {
  kind: 'task',

  initialise(process) {
    return process.pid;
  },

  handle(process, message) {
    // Messages that come later have no reader: a task is asked nothing.
    if (typeof message.body !== 'function') return;
    const done = (message.body as TaskBody)(process.context);
    if (done instanceof Promise) awaitHandler(process, message, done, () => exitProcess(process, 'normal'));
    else exitProcess(process, 'normal');
  },
};
