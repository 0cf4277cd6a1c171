// It has cost this much. In time it frees the reservation and books what was spent; after the expiry it corrects what
// had been charged in full; told twice, it counts once.
import { book, bookExcess, payDebt, refund } from './account.ts';
import { takeFromHours } from './hours.ts';
import type { CostPolicy } from './policy.ts';
import { settledMicro } from './price.ts';
import { closeLateId, closeReservation, standingOf } from './reservations.ts';
import { isMicro } from './money.ts';
import type { Cost, CostAnswer, Reservation } from './signals.ts';
import type { Draft } from './state.ts';

const answers = {
  settled: answer('ok', 'settled'),
  late: answer('ok', 'settled_late'),
  closed: answer('ok', 'settled_already'),
  unknown: answer('warn', 'unknown_reservation'),
  invalid: answer('warn', 'invalid_settlement'),
};

function answer(decision: 'ok' | 'warn', code: string): CostAnswer {
  return Object.freeze({ decision, code, reason: '', reservation: null, retryAtMs: null });
}

export function settle(draft: Draft, policy: CostPolicy, { reservation, actual }: { reservation: Reservation; actual: Cost }, nowMs: number): CostAnswer {
  const standing = standingOf(draft, reservation.id);
  if (standing === 'unknown' || standing === 'closed') return answers[standing];
  if (!isMicro(reservation.micro)) return answers.invalid;
  // What cannot be priced has cost all that was reserved for it.
  const spent = settledMicro(reservation, actual) ?? reservation.micro;
  if (standing === 'late') return settleLate(draft, policy, { reservation, spent }, nowMs);
  if (!closeReservation(draft, reservation.id, reservation.micro)) return answers.unknown;
  if (draft.probesFrom !== null && reservation.id >= draft.probesFrom) draft.probesOpen = Math.max(0, draft.probesOpen - 1);
  book(draft, policy, Math.min(spent, reservation.micro), nowMs);
  bookExcess(draft, policy, Math.max(0, spent - reservation.micro), nowMs);
  payDebt(draft, policy);
  return answers.settled;
}

function settleLate(draft: Draft, policy: CostPolicy, { reservation, spent }: { reservation: Reservation; spent: number }, nowMs: number): CostAnswer {
  const { id, micro, expiresAtMs } = reservation;
  closeLateId(draft, id);
  if (spent > micro) bookExcess(draft, policy, spent - micro, nowMs);
  if (spent < micro) {
    refund(draft, micro - spent, expiresAtMs);
    takeFromHours(draft, micro - spent, expiresAtMs);
  }
  payDebt(draft, policy);
  return answers.late;
}
