import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoopback } from '../../src/shard/loopback.ts';

test('loopback addresses, also mapped into IPv6, are this host\'s own', () => {
  for (const address of ['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1', 'localhost', '[::1]']) assert.equal(isLoopback(address), true, address);
});

test('everything else is a stranger\'s, whatever it looks like', () => {
  for (const address of ['', '0.0.0.0', '::', '10.0.0.1', '128.0.0.1', '127.0.0.1.example.com', '1127.0.0.1', '::ffff:10.0.0.1', 'localhost.example.com']) assert.equal(isLoopback(address), false, address);
});
