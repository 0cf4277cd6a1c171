// A server whose tool goes on after its process has died, and says what it could still do.
import { application } from '@flyball/kernel';
import server from './server.ts';
import { tally, witness } from './witness.ts';

export default application({
  name: 'afterlife',
  children: [
    { id: 'witness', start: [witness], name: 'afterlife_witness' },
    { id: 'tally', start: [tally], name: 'afterlife_tally' },
    { id: 'server', start: [server] },
  ],
});
