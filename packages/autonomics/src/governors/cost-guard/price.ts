// What a cost comes to in micro-units of the policy's currency. One item without a price is that item's problem:
// nothing here looks at the others.
import { isMicro, microMax, scaledUp } from './money.ts';
import type { CostPolicy } from './policy.ts';
import type { Cost, Reservation } from './signals.ts';

export type Priced =
  | { readonly ok: true; readonly micro: number; readonly prices: Readonly<Record<string, number>>; readonly ratePpm: number }
  | { readonly ok: false; readonly code: string; readonly reason: string };

const million = 1_000_000;
const noPrices: Readonly<Record<string, number>> = Object.freeze({});

/** The most that a request may cost, at the prices of now and with what the bills have taught. */
export function priceOf(policy: CostPolicy, cost: Cost, calibrationPpm: number): Priced {
  const priced = 'lines' in cost ? linesPrice(policy, cost.lines) : moneyPrice(policy, cost);
  if (!priced.ok) return priced;
  const ratePpm = 'lines' in cost ? calibrationPpm : scaledUp(priced.ratePpm, calibrationPpm, million);
  const micro = scaledUp(priced.micro, ratePpm, million);
  return micro > microMax ? tooMuch(micro) : { ...priced, micro, ratePpm };
}

function moneyPrice({ currency, exchangeRatesPpm }: CostPolicy, cost: { micro: number; currency?: string }): Priced {
  if (!isMicro(cost.micro)) return invalid(`${cost.micro} micro-units`);
  if (cost.currency === undefined || cost.currency === currency) return { ok: true, micro: cost.micro, prices: noPrices, ratePpm: million };
  const ratePpm = own(exchangeRatesPpm, cost.currency);
  if (ratePpm !== undefined) return { ok: true, micro: cost.micro, prices: noPrices, ratePpm };
  return { ok: false, code: 'unknown_currency', reason: `no exchange rate from ${cost.currency.slice(0, 20)} to ${currency}: add it to exchangeRatesPpm` };
}

function linesPrice(policy: CostPolicy, lines: readonly { item: string; units: number }[]): Priced {
  const prices: Record<string, number> = {};
  let micro = 0;
  for (const { item, units } of lines) {
    const price = own(policy.pricesMicroPerMillion, item) ?? policy.unknownPriceMicroPerMillion;
    if (price === null) return { ok: false, code: 'unknown_price', reason: `no price for ${item.slice(0, 100)}: add it to pricesMicroPerMillion, or set unknownPriceMicroPerMillion` };
    if (!isMicro(units)) return invalid(`${units} units of ${item.slice(0, 100)}`);
    micro += scaledUp(units, price, million);
    if (micro > microMax) return tooMuch(micro);
    prices[item] = price;
  }
  return { ok: true, micro, prices, ratePpm: million };
}

/** What a settlement comes to, at the prices of its admission; null where it cannot be priced. */
export function settledMicro({ prices, ratePpm }: Reservation, actual: Cost): number | null {
  if (!('lines' in actual)) return isMicro(actual.micro) ? capped(scaledUp(actual.micro, ratePpm, million)) : null;
  let micro = 0;
  for (const { item, units } of actual.lines) {
    const price = own(prices, item);
    if (price === undefined || !isMicro(units)) return null;
    micro = capped(micro + scaledUp(units, price, million));
  }
  return capped(scaledUp(micro, ratePpm, million));
}

/** A name from outside may be `constructor`. */
function own(map: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}

function capped(micro: number): number {
  return Math.min(micro, microMax);
}

function invalid(what: string): Priced {
  return { ok: false, code: 'invalid_request', reason: `${what} is no amount: it must be an integer from 0 to ${microMax}` };
}

function tooMuch(micro: number): Priced {
  return { ok: false, code: 'too_large', reason: `${micro} micro-units or more is beyond what can be metered (${microMax})` };
}
