// The main module of a shard: composes a node out of the packages, at heart's word.
import { applicationStopped, call, cast, clock, consoleLine, describeReason, distributionServer, enableChecks, identity, isolationPoolChild, logToConsole, monitorWith, named, printRunnerOutput, setProcessLimit, startWatchdog, supervisor, warmIsolation, type ChildSpec, type DistributionOptions, type DistributionPeer, type LogLine, type SupervisorProtocol } from '@flyball/kernel';
import { httpListener, listenerAddress, parentLink, requestFailed, type HttpListenerOptions } from '@flyball/listener';
import { configureServing, originPolicy, servesIsolatedTools, toolCallFailed } from '@flyball/mcp';
import type { BootMessage, HeartMessage, LivePeer, Peer, ShardMessage } from '@flyball/release';
import type { ShardConfiguration } from './shard-configuration.ts';
import { Applications } from './shard/applications.ts';
import { answerRequest } from './shard/control-requests.ts';
import { textOf, watchFaults } from './shard/faults.ts';
import { forwardSessions } from './shard/forwarding.ts';
import { handOver } from './shard/hand-over.ts';
import { ledgerPart, loadLedgerPart } from './shard/ledger-part.ts';
import { isLoopback } from './shard/loopback.ts';
import { nodeServer, setReadiness, type NodeServerOptions } from './shard/node-server.ts';
import { isDraining, peers as livePeers, setPeers, whenAlone } from './shard/peers.ts';

type Boot = BootMessage<ShardConfiguration>;

const log: LogLine = consoleLine((text) => void process.stderr.write(text));
/** Of the time that is left for stopping, for the other shards. */
const PATIENCE_SHARE = 0.6;
const KEEP_ALIVE_TIMEOUT_MS = 5_000;
/** Never closed from this side: a peer must not find its kept connection gone just as it sends. */
const INTERNAL_KEEP_ALIVE_TIMEOUT_MS = 0;

function tell(message: ShardMessage): void {
  process.send?.(message);
}

class Shard {
  readonly boot: Boot;
  readonly applications: Applications;
  #stopping = false;

  constructor(boot: Boot) {
    this.boot = boot;
    this.applications = new Applications(boot.config.cacheDirectory);
  }

  async start(): Promise<void> {
    const { boot } = this;
    const { config } = boot;
    Object.assign(identity, { node: boot.node, shard: boot.shard, creation: boot.generation });
    setProcessLimit(Math.ceil(config.processLimit / boot.shards));
    enableChecks(config.mode === 'development');
    configure(boot, this.applications);
    setPeers(boot.peers);
    forwardSessions(boot);
    await loadLedgerPart(config);
    ledgerPart()?.logLedger(log);
    const platform = await supervisor({ intensity: { restarts: 10, periodMs: 10_000 }, children: platformChildren(boot) }).start(undefined, { name: 'flyball_sup' });
    monitorWith(platform, ({ reason }) => this.#ended('the platform\'s supervisor', describeReason(reason)));
    // Before they start: the first may end while the second starts.
    applicationStopped.subscribe(({ name, reason }) => this.#ended(`application ${name}`, describeReason(reason)));
    // In a hand-over the predecessor keeps it until this process could serve: what is recorded meanwhile goes there.
    if (boot.predecessor === undefined) await ledgerPart()?.takeOverLedger(boot);
    else ledgerPart()?.takeOverIfOrphaned(boot);
    await this.#startApplications();
    await ledgerPart()?.takeOverLedger(boot);
    await call(named<{ protocol: SupervisorProtocol }>('flyball_sup'), 'startChild', { id: 'http', start: [httpListener(publicListener(boot))] } satisfies ChildSpec);
    setReadiness('ready');
    tell({ type: 'ready', listening: await listeningUrls(config) });
    if (servesIsolatedTools()) warmIsolation();
    startWatchdog();
    setInterval(() => tell({ type: 'beat' }), boot.beatIntervalMs);
  }

  async #startApplications(): Promise<void> {
    const { config, loaded, shard } = this.boot;
    const env = { documents: config.documents, projectDirectory: config.projectDirectory };
    for (const directory of config.applications) await this.applications.start(directory, env, shard);
    // What was loaded since heart started is what a shard that starts later must run too.
    for (const { application, directory, version } of loaded) {
      await this.applications.prepare({ application, directory, ...(version !== undefined && { version }) });
      await this.applications.commit();
    }
  }

  receive(message: HeartMessage<ShardConfiguration>): void {
    switch (message.type) {
      case 'peers': return this.#takePeers(message.peers);
      case 'request': return void answerRequest(message, this.applications, this.boot.config.runId).then(tell);
      case 'hand-over': return void handOver(message, this.boot.self, 'http').then(({ sessionsMoved }) => {
        log('INFO', `shard ${this.boot.shard}: handed over, ${sessionsMoved} session(s) moved`);
        tell({ type: 'drained' });
        return this.stop(message.deadlineMs);
      });
      case 'stop': return void this.stop(message.deadlineMs);
      default:
    }
  }

  async stop(deadlineMs: number): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    setReadiness('draining');
    const startedMs = clock().nowMs();
    await this.applications.stopAll(deadlineMs);
    await this.#closeLedger(deadlineMs - (clock().nowMs() - startedMs));
    process.exit(0);
  }

  /** Applications of other shards may still record; then the last receipts are published. */
  async #closeLedger(restMs: number): Promise<void> {
    if (ledgerPart() === undefined || this.boot.shard !== 0) return;
    if (!isDraining(this.boot)) await whenAlone(this.boot, Math.max(0, restMs * PATIENCE_SHARE));
    await ledgerPart()?.closeLedger();
  }

  #takePeers(peers: readonly LivePeer[]): void {
    setPeers(peers);
    ledgerPart()?.takeOverIfOrphaned(this.boot);
    cast(named<typeof distributionServer>('distribution'), 'peers', distributionPeers(peers));
  }

  // A tree that gave up leaves half a node: heart starts the shard anew.
  #ended(what: string, reason: string): void {
    if (this.#stopping) return;
    log('ERROR', `${what} ended (${reason}); the shard restarts`);
    process.exit(1);
  }
}

function configure({ shard, config }: Boot, applications: Applications): void {
  configureServing({
    shard,
    requestTimeoutMs: config.requestTimeoutMs,
    sessionIdleTimeoutMs: config.sessionIdleTimeoutMs,
    bodyBytesMax: config.bodyBytesMax,
    stateKeys: [Buffer.from(config.stateKey, 'base64url')],
    origins: originPolicy(originsOf(config)),
    locateModule: (id) => applications.locateModule(id),
  });
}

function originsOf({ allowOrigins, allowPublic, host }: ShardConfiguration): Parameters<typeof originPolicy>[0] {
  const local = ['http://localhost', 'http://127.0.0.1', 'http://[::1]', 'https://localhost', 'https://127.0.0.1', 'https://[::1]'];
  return { allowedOrigins: [...local, ...allowOrigins], ...(allowPublic || !isLoopback(host) ? { allowedHosts: 'any' as const } : {}) };
}

function platformChildren({ self, config }: Boot): ChildSpec[] {
  const internal: HttpListenerOptions = { name: 'internal', host: '', port: 0, path: self.http, internal: true, isLocal: () => true, connectionsMax: config.maxConnections, keepAliveTimeoutMs: INTERNAL_KEEP_ALIVE_TIMEOUT_MS };
  return [
    { id: 'distribution', start: [distributionServer, distributionOptions(self)], name: 'distribution' },
    { id: 'node', start: [nodeServer, { ledger: ledgerPart()?.ledgerRoutes(config) } satisfies NodeServerOptions], name: 'node' },
    ...(ledgerPart()?.ledgerChildren(self, config) ?? []),
    isolationPoolChild(),
    { id: 'internal', start: [httpListener(internal)] },
  ];
}

/** Read at each start: one that was restarted must know the shards of today. */
function distributionOptions({ distribution: path }: Peer): DistributionOptions {
  return {
    path,
    get peers() {
      return distributionPeers(livePeers());
    },
  };
}

function distributionPeers(peers: readonly LivePeer[]): DistributionPeer[] {
  return peers.map(({ shard, generation: creation, distribution: path, role }) => ({ shard, creation, path, role }));
}

function publicListener({ config }: Boot): HttpListenerOptions {
  const isLocal = config.allowPublic ? () => true : (request: { socket: { remoteAddress?: string | undefined } }) => isLoopback(request.socket.remoteAddress ?? '');
  return { name: 'http', host: config.host, port: config.httpPort, link: parentLink(process), isLocal, connectionsMax: config.maxConnections, keepAliveTimeoutMs: KEEP_ALIVE_TIMEOUT_MS };
}

async function listeningUrls({ host, ledger }: ShardConfiguration): Promise<{ name: string; url: string }[]> {
  const { port } = await listenerAddress('http');
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return [{ name: 'MCP', url: `http://${authority}/mcp` }, { name: 'alive', url: `http://${authority}/livez` }, { name: 'ready', url: `http://${authority}/readyz` }, ...(ledger === undefined ? [] : [{ name: 'ledger', url: `http://${authority}/ledger/checkpoint` }])];
}

let shard: Shard | undefined;

process.on('message', (message: HeartMessage<ShardConfiguration>) => {
  if (message.type !== 'boot') return shard?.receive(message);
  shard = new Shard(message);
  shard.start().catch((error: Error & { code?: string }) => {
    // What is wrong with a ledger is the operator's to know, and heart tells it.
    if (error.name !== 'LedgerError') log('ERROR', `shard ${message.shard} cannot start: ${error.stack ?? error.message}`);
    tell({ type: 'failed', error: { code: String(error.code ?? 'start-failed'), message: error.message } });
    process.exit(1);
  });
});
// Nobody would restart or stop it any more.
process.on('disconnect', () => process.exit(1));
watchFaults(process, log);
logToConsole(log, { isTold: (crash) => ledgerPart()?.isLedgerFailure(crash) ?? false });
printRunnerOutput((line) => log('INFO', line.trimEnd()));
requestFailed.subscribe(({ method, path, error }) => log('ERROR', `${method} ${path} failed: ${textOf(error)}`));
toolCallFailed.subscribe(({ server, tool, error }) => log('ERROR', `tool ${tool} of ${server} failed: ${textOf(error)}`));
