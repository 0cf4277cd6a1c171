import { application } from '@flyball/kernel';
import server from './server.ts';
import { telemetryCounter } from './telemetry-counter.ts';

export default application({
  name: 'echo-counted',
  children: [
    { id: 'telemetry-counter', start: [telemetryCounter], name: 'telemetry-counter' },
    { id: 'server', start: [server] },
  ],
});
