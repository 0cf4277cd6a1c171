// What a tool can do to the process that it runs in.

export function spinForever(): never {
  for (;;);
}

export function allocateForEver(): never {
  const kept: unknown[] = [];
  for (;;) kept.push({ kept: Array.from({ length: 100 }, (_, index) => index * Math.PI) });
}

/** Outside the JavaScript heap, where V8's limits do not count. */
export function allocateBuffersForEver(): never {
  const kept: Buffer[] = [];
  for (;;) kept.push(Buffer.alloc(1_048_576, 1));
}

export function exitItself(): never {
  process.exit(3);
}
