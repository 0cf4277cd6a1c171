import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { test, type TestContext } from 'node:test';
import {
  bindDescriptor,
  borrowDescriptor,
  createDescriptorKeeper,
  type DescriptorKeeper,
  type DescriptorLink,
  type DescriptorRequest,
} from '../src/descriptors.ts';

const FIXTURE = new URL('./fixtures/keep-alive-server.ts', import.meta.url);

test('a bound descriptor reports its port and refuses a second listener on it by code', async () => {
  const first = await bindDescriptor({ name: 'http', host: '127.0.0.1', port: 0 });
  const server = net.createServer().listen(first.handle as never);
  await once(server, 'listening');
  assert.notEqual(first.port, 0);
  await assert.rejects(bindDescriptor({ name: 'other', host: '127.0.0.1', port: first.port }), (error: Error & { code: string }) => {
    assert.equal(error.code, 'address-in-use');
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${first.port}`));
    return true;
  });
  server.close();
});

test('a host that is not of this machine, and one that does not resolve, are told apart', async () => {
  await assert.rejects(bindDescriptor({ name: 'http', host: '192.0.2.1', port: 0 }), { code: 'address-not-available' });
  await assert.rejects(bindDescriptor({ name: 'http', host: 'no-such-host.invalid', port: 0 }), { code: 'host-not-found' });
});

test('the keeper binds a name once and refuses the name with another port', async () => {
  const keeper = createDescriptorKeeper();
  const first = await keeper.open('http', '127.0.0.1', 0);
  const second = await keeper.open('http', '127.0.0.1', 0);
  assert.equal(second.port, first.port);
  await assert.rejects(keeper.open('http', '127.0.0.1', first.port), { code: 'descriptor-conflict' });
  keeper.close();
});

test('a failed bind is forgotten, so that the next ask tries again', async () => {
  const blocker = net.createServer().listen(0, '127.0.0.1');
  await once(blocker, 'listening');
  const { port } = blocker.address() as net.AddressInfo;
  const keeper = createDescriptorKeeper();
  await assert.rejects(keeper.open('http', '127.0.0.1', port), { code: 'address-in-use' });
  blocker.close();
  await once(blocker, 'close');
  assert.equal((await keeper.open('http', '127.0.0.1', port)).port, port);
  keeper.close();
});

test('without heart the borrower binds; an error from heart keeps its code; an abort ends the wait', async () => {
  const own = await borrowDescriptor(undefined, { name: 'http', host: '127.0.0.1', port: 0 });
  assert.notEqual(own.port, 0);
  own.handle.close();
  const refused = borrowDescriptor(refusingLink(), { name: 'http', host: '127.0.0.1', port: 80 });
  await assert.rejects(refused, { code: 'permission-denied', message: 'no' });
  const aborted = new AbortController();
  const waiting = borrowDescriptor({ send: () => undefined, subscribe: () => () => undefined }, { name: 'http', host: '::1', port: 0 }, { signal: aborted.signal });
  aborted.abort(new Error('stopped'));
  await assert.rejects(waiting, /stopped/);
});

function refusingLink(): DescriptorLink {
  let receive: (message: unknown, handle: unknown) => void = () => undefined;
  return {
    send: ({ id, name }: DescriptorRequest) =>
      queueMicrotask(() => receive({ type: 'descriptor', id, name, port: 0, error: { code: 'permission-denied', message: 'no' } }, undefined)),
    subscribe: (handler) => {
      receive = handler;
      return () => undefined;
    },
  };
}

test('20 hand-overs between processes under load of 64 connections: no request fails', async (t) => {
  const keeper = createDescriptorKeeper();
  let current = await startServer(t, keeper);
  const load = startLoad(current.port, { keepAlive: 32, perRequest: 32 });
  for (let round = 0; round < 20; round += 1) {
    const successor = await startServer(t, keeper);
    await load.answeredBy(successor.child.pid);
    const gone = once(current.child, 'exit');
    current.child.send('stop');
    await gone;
    current = successor;
  }
  const { answered, failures } = await load.stop();
  current.child.kill('SIGKILL');
  keeper.close();
  t.diagnostic(`${answered} requests, ${failures.length} failed`);
  assert.deepEqual(failures, []);
  assert.ok(answered > 2_000, `only ${answered} requests were made`);
});

test('the port stays open without a process that accepts: a request waits for the next one', async (t) => {
  const keeper = createDescriptorKeeper();
  const first = await startServer(t, keeper);
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const answer = request(first.port, new http.Agent());
  const second = await startServer(t, keeper);
  assert.equal(await answer, String(second.child.pid));
  keeper.close();
});

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
}

function startServer(t: TestContext, keeper: DescriptorKeeper): Promise<Started> {
  const child = fork(FIXTURE, ['0'], { serialization: 'advanced', execArgv: ['--conditions=flyball-source', '--disable-warning=ExperimentalWarning'] });
  t.after(() => child.kill('SIGKILL'));
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server exited with ${code} before it listened`)));
    child.on('message', (message: DescriptorRequest | { type: 'listening'; port: number }) => {
      if (message.type === 'listening') return resolve({ child, port: message.port });
      return void keeper.open(message.name, message.host, message.port).then(({ handle, port }) => {
        child.send({ type: 'descriptor', id: message.id, name: message.name, port }, handle as never);
      });
    });
  });
}

interface Load {
  /** Resolves once a process has answered a request, which proves that it accepts. */
  answeredBy(pid: number | undefined): Promise<void>;
  stop(): Promise<{ answered: number; failures: string[] }>;
}

/** Half the connections live on, half are opened for each request. No retries: a reset is a failure. */
function startLoad(port: number, sizes: { keepAlive: number; perRequest: number }): Load {
  const failures: string[] = [];
  const waiting = new Map<string, () => void>();
  let answered = 0;
  let running = true;
  const worker = async (agent: http.Agent): Promise<void> => {
    while (running) {
      try {
        const pid = await request(port, agent);
        answered += 1;
        waiting.get(pid)?.();
      } catch (error) {
        failures.push(String(error));
      }
    }
    agent.destroy();
  };
  const kept = Array.from({ length: sizes.keepAlive }, () => worker(new http.Agent({ keepAlive: true, maxSockets: 1 })));
  const fresh = Array.from({ length: sizes.perRequest }, () => worker(new http.Agent({ keepAlive: false })));
  return {
    answeredBy: (pid) => new Promise((resolve) => waiting.set(String(pid), resolve)),
    stop: async () => {
      running = false;
      await Promise.all([...kept, ...fresh]);
      return { answered, failures };
    },
  };
}

function request(port: number, agent: http.Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = http.get({ host: '127.0.0.1', port, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk)).on('end', () => resolve(text)).on('error', reject);
    });
    outgoing.on('error', reject);
  });
}
