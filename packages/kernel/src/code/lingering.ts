// Counts old code that the garbage collector has not freed. It only confirms: whether old code still
// runs is decided from the versions that processes hold.
import type { CodeModule } from './code-module.ts';

export interface BodyInfo {
  readonly id: string;
  /** Of the application that it was made for. */
  readonly version: string;
  readonly generation: number;
}

interface Entry extends BodyInfo {
  retired: boolean;
}

export class LingeringBodies {
  readonly #entries = new Map<string, Entry>();
  readonly #registry: FinalizationRegistry<Entry>;

  constructor(onCollected: ((body: BodyInfo) => void) | undefined) {
    this.#registry = new FinalizationRegistry((entry) => {
      this.#entries.delete(keyOf(entry));
      if (entry.retired) onCollected?.({ id: entry.id, version: entry.version, generation: entry.generation });
    });
  }

  /** V8 keeps the module object for as long as any function of the body can still run. */
  watch({ id, version, generation, body }: CodeModule): void {
    const entry: Entry = { id, version, generation, retired: false };
    this.#entries.set(keyOf(entry), entry);
    this.#registry.register(body, entry);
  }

  retire(modules: readonly CodeModule[]): void {
    for (const module of modules) {
      const entry = this.#entries.get(keyOf(module));
      if (entry !== undefined) entry.retired = true;
    }
  }

  list(application?: string): BodyInfo[] {
    return [...this.#entries.values()]
      .filter(({ id, retired }) => retired && (application === undefined || id.startsWith(`${application}/`)))
      .map(({ id, version, generation }) => ({ id, version, generation }));
  }
}

const keyOf = ({ id, generation }: BodyInfo): string => `${id}@${generation}`;
