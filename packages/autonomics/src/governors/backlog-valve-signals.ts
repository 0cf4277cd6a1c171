// What the backlog valve is told, and what it answers.
import type { Priority } from '../control/admission-control.ts';
import type { QueueMeasured } from '../control/queue-time.ts';
import type { Answer } from '../governor/governor.ts';

/**
 * `request`: may this one enter the queue? `taken`: the one that waited longest is about to be served: is it worth
 * it? `backlog`: a sample, once a second. Depth and the head's wait ride on each, as far as they are known.
 */
export type BacklogValveSignal =
  | (QueueMeasured & { readonly kind: 'request'; readonly priority: Priority })
  | (QueueMeasured & { readonly kind: 'taken'; readonly waitedMs: number })
  | (QueueMeasured & { readonly kind: 'backlog' });

function answer(decision: Answer['decision'], code: string, reason = ''): Answer {
  return Object.freeze({ decision, code, reason });
}

export const admitted = answer('ok', 'admitted');
export const shedForQueueTime = answer('shed', 'queue_time');
export const worthServing = answer('ok', 'in_time');
export const tooLate = answer('shed', 'too_late');
export const notEntitled = answer('refuse', 'not_entitled', 'the entitlement is not active');
