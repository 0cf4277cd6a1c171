// The applications of this shard: loaded through the code server, started, and brought to another
// version in two steps, so that all shards change or none does.
import { application, changeCode, createCodeServer, definitionOf, slotKey, startApplication, stopApplication, runningApplications, type Application, type Behaviour, type CodeChangeReport, type CodeServer, type PreparedSwap } from '@flyball/kernel';
import { join } from 'node:path';
import type { McpServer, ModulePlace } from '@flyball/mcp';
import { findApplication, type ApplicationFolder } from './application-source.ts';

export interface ApplicationEnvironment {
  readonly documents: readonly string[];
  readonly projectDirectory: string;
}

export interface PrepareReport {
  readonly application: string;
  readonly from: string;
  readonly to: string;
  readonly modules: PreparedSwap['changed'];
}

class ApplicationError extends Error {
  readonly code: 'unknown-application' | 'not-prepared' | 'no-application';

  constructor(code: ApplicationError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export class Applications {
  readonly #code: CodeServer;
  /** By the name that operators use: the application's own. */
  readonly #folders = new Map<string, ApplicationFolder>();
  #prepared: { swap: PreparedSwap; name: string; folder: ApplicationFolder } | undefined;

  constructor(cacheDirectory: string | undefined) {
    this.#code = createCodeServer(cacheDirectory === undefined ? {} : { cacheDirectory });
  }

  get code(): CodeServer {
    return this.#code;
  }

  /** Loads and starts the application of a folder; `shard` 0 alone starts those that ask for one. */
  async start(directory: string, env: ApplicationEnvironment, shard: number, given: { name?: string; version?: string } = {}): Promise<void> {
    const folder = findApplication(directory, given);
    const { namespace } = await this.#code.load(folder);
    const app = asApplication(namespace['default'], folder);
    const { name, shards } = definitionOf(app);
    this.#folders.set(name, folder);
    if (shards === 'each' || shard === 0) await startApplication(app, env);
  }

  /** Compiles and checks another version beside the running one. */
  async prepare(request: { application: string; directory: string; version?: string | number }): Promise<PrepareReport> {
    const { application: name, directory, version } = request;
    const current = this.#folders.get(name);
    if (current === undefined) throw new ApplicationError('unknown-application', `no application "${name}" runs here; running: ${[...this.#folders.keys()].join(', ') || 'none'}`);
    this.abort();
    const folder = findApplication(directory, { name: current.name, version: version === undefined ? undefined : String(version) });
    // What runs after a load is what would run after a start: values that a module computed from changed imports too.
    const swap = await this.#code.prepare(folder, { reevaluate: 'importers' });
    this.#prepared = { swap, name, folder };
    return { application: name, from: current.version, to: folder.version, modules: swap.changed.filter(({ kind }) => kind !== 'unchanged') };
  }

  /** Puts the prepared version in force. */
  async commit(): Promise<CodeChangeReport & { application: string; version: string }> {
    const prepared = this.#prepared;
    if (prepared === undefined) throw new ApplicationError('not-prepared', 'nothing is prepared; load-prepare comes first');
    this.#prepared = undefined;
    const { swap, name, folder } = prepared;
    try {
      const report = await changeCode(swap);
      this.#folders.set(name, folder);
      return { application: name, version: folder.version, ...report };
    } catch (error) {
      swap.release();
      throw error;
    }
  }

  abort(): void {
    this.#prepared?.swap.release();
    this.#prepared = undefined;
  }

  versions(): { application: string; version: string; directory: string; running: boolean }[] {
    const running = new Set(runningApplications().map(({ name }) => name));
    return [...this.#folders].map(([name, { version, directory }]) => ({ application: name, version, directory, running: running.has(name) }));
  }

  /** Where a module of an application lies in the version in force; undefined for modules that are not an application's. */
  locateModule(id: string): ModulePlace | undefined {
    const folder = [...this.#folders.values()].find(({ name }) => id.startsWith(`${name}/`));
    if (folder === undefined) return undefined;
    const { directory, version } = this.#code.application(folder.name);
    return { module: join(directory, id.slice(folder.name.length + 1)), application: folder.name, version };
  }

  /** In reverse start order, within the deadline. */
  async stopAll(deadlineMs: number): Promise<void> {
    for (const { name } of runningApplications().reverse()) await stopApplication(name, deadlineMs);
  }
}

// A module that exports just an MCP server is an application of that one child.
function asApplication(exported: unknown, folder: ApplicationFolder): Application<ApplicationEnvironment> {
  const value = exported as (Partial<Behaviour> & { name?: string }) | undefined;
  const definition = value?.[slotKey]?.current as { flags?: unknown; name?: unknown; server?: unknown } | undefined;
  if (definition?.server !== undefined) return application({ name: value!.name!, children: [{ id: 'server', start: [exported as McpServer] }] });
  if (definition?.flags !== undefined && definition.name !== undefined) return exported as Application<ApplicationEnvironment>;
  throw new ApplicationError('no-application', `${folder.directory}/${folder.entry} has no default export that is an application({…}) or an mcpServer({…})`);
}
