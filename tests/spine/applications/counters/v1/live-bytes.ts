// What is alive in this OS process, after garbage collection.
import v8 from 'node:v8';
import vm from 'node:vm';

/** Bytes: heapUsed + external. */
export async function liveBytes(): Promise<number> {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  // Finalizers and weak references of one collection free what only the next one finds.
  for (let round = 0; round < 4; round += 1) {
    collect();
    await new Promise(setImmediate);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
