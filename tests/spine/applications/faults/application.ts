// A server whose tools do what no tool should, in the node and outside it.
import { application } from '@flyball/kernel';
import { durations } from './durations.ts';
import server from './server.ts';

export default application({
  name: 'faults',
  children: [
    { id: 'durations', start: [durations], name: 'call_durations' },
    { id: 'server', start: [server] },
  ],
});
