// The `Distribution` between the shards of one node: finds the link to a target's shard, or says
// at once why there is none.
import { KernelError } from '../errors.ts';
import { describeTarget } from '../process/call.ts';
import { useDistribution, type Distribution, type RemoteTarget } from '../process/distribution.ts';
import type { ExitReason } from '../process/exit-reason.ts';
import type { MonitorRef } from '../process/monitor.ts';
import { identity, Pid } from '../process/pid.ts';
import { openPort, type PortId } from '../process/port.ts';
import type { Process } from '../process/process.ts';
import { helloRefused } from './events.ts';
import { encodeFrame } from './frame.ts';
import { Incoming, type Receiver } from './incoming.ts';
import { Link } from './link.ts';
import { Listener } from './listener.ts';
import { checkPeers, currentPeers, peerKey, refusalOf, routeTo, samePeer, type DistributionPeer, type Route } from './peers.ts';
import type { Notify } from './requests.ts';
import { op, protocolVersion, type Address, type Hello, type PeerId } from './wire.ts';

export class ShardDistribution implements Distribution {
  readonly #path: string;
  readonly #owner: Process;
  readonly #listener: Listener;
  readonly #links = new Map<string, Link>();
  /** Where peers that the list does not name yet said that they listen. */
  readonly #saidPaths = new Map<string, string>();
  #peers: readonly DistributionPeer[] = [];
  #uninstall: (() => void) | undefined;

  /** `owner` owns the listening socket and all connections: its exit closes them. */
  constructor(path: string, owner: Process) {
    this.#path = path;
    this.#owner = owner;
    this.#listener = new Listener((socket) => this.#accept(socket), () => this.#close());
  }

  /** Listens and installs it; returns the port whose close ends it. */
  async start(): Promise<PortId> {
    const port = openPort(this.#listener, this.#owner);
    await this.#listener.listen(this.#path);
    if (this.#owner.exitReason === undefined) this.#uninstall = useDistribution(this);
    return port;
  }

  /** Links to peers that the list named and does not name any more are broken. */
  setPeers(peers: readonly DistributionPeer[]): void {
    const before = this.#peers;
    this.#peers = checkPeers(peers).filter((peer) => !samePeer(peer, identity));
    for (const gone of before) {
      if (!this.#peers.some((peer) => samePeer(peer, gone))) this.#links.get(peerKey(gone))?.break('it is no peer any more');
    }
  }

  get status(): { peers: readonly DistributionPeer[]; links: Link['status'][] } {
    return { peers: this.#peers, links: [...this.#links.values()].map(({ status }) => status) };
  }

  // ---- Distribution ----

  send(to: RemoteTarget, kind: 'cast' | 'info', name: string, body: unknown): void {
    const link = this.#linkTo(this.#route(to));
    if (kind === 'cast') link?.cast(addressOf(to), name, body);
    else link?.info(addressOf(to), body);
  }

  call(to: RemoteTarget, name: string, body: unknown, timeoutMs: number, caller?: Process): Promise<unknown> {
    const title = `call "${name}" to ${describeTarget(to)}`;
    const route = this.#route(to);
    const link = this.#linkTo(route);
    if (link !== undefined) return link.call(addressOf(to), name, body, { title, timeoutMs, caller });
    return Promise.reject('unreachable' in route && route.unreachable === 'noproc'
      ? new KernelError('noproc', `${title}: its incarnation of the shard is gone`)
      : new KernelError('noconnection', `${title}: no such shard is known`));
  }

  monitor(target: Pid, ref: MonitorRef, notify: Notify): void {
    const route = this.#route(target);
    if ('unreachable' in route) notify({ type: 'DOWN', ref, pid: target, reason: route.unreachable });
    else this.#linkTo(route)!.monitor(target, ref, notify);
  }

  demonitor(target: Pid, ref: MonitorRef): void {
    this.#links.get(peerKey(target))?.demonitor(ref);
  }

  exit(target: RemoteTarget, from: Pid, reason: ExitReason): void {
    this.#linkTo(this.#route(target))?.exit(addressOf(target), from, reason);
  }

  /** All are asked at once; the lowest shard that has the name counts, so that all shards agree. */
  async whereis(name: string): Promise<Pid | undefined> {
    const answers = currentPeers(this.#peers).map((peer) => ({ peer, serial: this.#linkTo({ peer })!.whereis(name) }));
    for (const { peer, serial } of answers) {
      const found = await serial;
      if (found !== undefined) return new Pid(identity.node, peer.shard, peer.creation, found);
    }
    return undefined;
  }

  // ---- links ----

  #route(target: RemoteTarget): Route {
    return routeTo(target, identity, this.#peers, (peer) => this.#links.get(peerKey(peer))?.admitted === true);
  }

  #linkTo(route: Route): Link | undefined {
    if ('unreachable' in route) return undefined;
    return this.#links.get(peerKey(route.peer)) ?? this.#makeLink(route.peer);
  }

  #makeLink({ shard, creation }: PeerId): Link {
    const peer: PeerId = { shard, creation };
    const key = peerKey(peer);
    const link = new Link({
      peer,
      owner: this.#owner,
      path: () => this.#peers.find((each) => samePeer(each, peer))?.path ?? this.#saidPaths.get(key)!,
      hello: (to) => encodeFrame([op.hello, this.#hello(to)]),
      broken: () => {
        this.#links.delete(key);
        this.#saidPaths.delete(key);
      },
    });
    this.#links.set(key, link);
    return link;
  }

  #hello(to: PeerId): Hello {
    const { node, shard, creation } = identity;
    return { protocol: protocolVersion, node, shard, creation, path: this.#path, to };
  }

  #accept(socket: ConstructorParameters<typeof Incoming>[0]['socket']): void {
    const incoming = new Incoming({
      socket,
      admit: (hello) => this.#admit(hello, incoming),
      refused: (reason, hello) => helloRefused.emit({ reason, shard: hello?.shard, creation: hello?.creation }),
    });
    openPort(incoming, this.#owner);
    if (incoming.owner !== undefined) incoming.start();
  }

  #admit(hello: Hello, incoming: Incoming): Receiver | string {
    const refusal = refusalOf(hello, identity, this.#peers);
    if (refusal !== undefined) return refusal;
    const key = peerKey(hello);
    // A peer has one connection to here: with a second one it tells that it gave up the first.
    if (this.#links.get(key)?.admitted === true) this.#links.get(key)!.break('it connected anew');
    const link = this.#links.get(key) ?? this.#makeLink(hello);
    this.#saidPaths.set(key, hello.path);
    link.admit(incoming);
    return link;
  }

  #close(): void {
    this.#uninstall?.();
    for (const link of this.#links.values()) link.break('the distribution has ended');
  }
}

function addressOf(target: RemoteTarget): Address {
  return 'serial' in target ? target.serial : target.name;
}
