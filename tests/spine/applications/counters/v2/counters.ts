export const COUNTERS: readonly string[] = Array.from({ length: 8 }, (_, number) => `counter-${number}`);
