import { application } from '@flyball/kernel';
import { counter } from './counter.ts';
import { COUNTERS } from './counters.ts';
import { second, slow } from './partners.ts';
import server from './server.ts';
import { sibling } from './sibling.ts';
import steady from './steady.ts';

export default application({
  name: 'counters',
  intensity: { restarts: 1_000, periodMs: 1_000 },
  children: [
    ...COUNTERS.map((name) => ({ id: name, start: [counter] as const, name })),
    { id: 'sibling-b', start: [sibling], name: 'sibling-b' },
    { id: 'sibling-a', start: [sibling], name: 'sibling-a' },
    { id: 'sibling-c', start: [sibling], name: 'sibling-c' },
    { id: 'slow', start: [slow] },
    { id: 'second', start: [second], name: 'second' },
    { id: 'server', start: [server] },
    { id: 'steady', start: [steady, { path: '/steady' }] },
  ],
});
