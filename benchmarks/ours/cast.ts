// Ours of cast_vs_beam, a process of its own: `cast.ts <casts> <rounds>` prints "<wall ns> <CPU ns>" a round.
import { call, cast, genServer, reply, stop } from '@flyball/kernel';

const counter = genServer({
  init: (start: number) => ({ count: start }),
  calls: { read: (state) => reply(state.count, state) },
  casts: {
    add: (state, by: number) => ({ count: state.count + by }),
    stop: () => stop('normal'),
  },
});

// A state that is a new value each time, as an Erlang server's is: no advantage from changing it in place.
async function sample(casts: number): Promise<string> {
  const server = await counter.start(0);
  const cpu = process.cpuUsage();
  const startedNs = process.hrtime.bigint();
  for (let sent = 0; sent < casts; sent++) cast(server, 'add', 1);
  const handled = await call(server, 'read', undefined, { timeoutMs: Infinity });
  const wallNs = process.hrtime.bigint() - startedNs;
  const used = process.cpuUsage(cpu);
  if (handled !== casts) throw new Error(`${casts} casts were sent, ${handled} handled`);
  cast(server, 'stop');
  return `${wallNs} ${(used.user + used.system) * 1_000}`;
}

const [casts = NaN, rounds = NaN] = process.argv.slice(2).map(Number);
await sample(casts);
for (let round = 0; round < rounds; round++) console.log(await sample(casts));
