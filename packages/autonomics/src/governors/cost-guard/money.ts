// Money in integers: micro-units of a currency (1 USD = 1,000,000). Every rounding is up, so that what is reserved
// is never less than what can be spent.

/** A billion of the currency. Four sums of this size still fit a safe integer. */
export const microMax = 1_000_000_000_000_000;

export function isMicro(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= microMax;
}

/** a × b ÷ by, rounded up, exact for safe integers; more than `microMax` comes back as `microMax + 1`. */
export function scaledUp(a: number, b: number, by: number): number {
  const product = a * b;
  if (Number.isSafeInteger(product)) return Math.min(Math.ceil(product / by), microMax + 1);
  const exact = (BigInt(a) * BigInt(b) + BigInt(by) - 1n) / BigInt(by);
  return exact > BigInt(microMax) ? microMax + 1 : Number(exact);
}

/** 1_250_000 → "1.25 USD". */
export function moneyText(micro: number, currency: string): string {
  const whole = Math.floor(micro / 1_000_000);
  const rest = micro - whole * 1_000_000;
  if (rest === 0) return `${whole} ${currency}`;
  // Written by every refusal: cents where they do, else all six digits.
  if (rest % 10_000 === 0) return `${whole}.${rest < 100_000 ? '0' : ''}${rest / 10_000} ${currency}`;
  return `${whole}.${String(1_000_000 + rest).slice(1)} ${currency}`;
}
