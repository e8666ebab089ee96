import { expect, test } from 'vitest';
import { key, type Reading, rate } from '../src/api/rates';
import { endpoint, format, value } from '../src/format';

const path = ['default', 'ipvs', 'service tcp 192.0.2.10:80'];
const reading = (at: number, connections: number): Reading => ({
  at,
  values: new Map([[key(path), { connections_total: connections }]]),
});

test.each([
  ['growth over two seconds', reading(1000, 10), reading(3000, 30), 10],
  ['nothing passed', reading(1000, 10), reading(3000, 10), 0],
  ['one reading only', undefined, reading(3000, 30), null],
  ['a service that was made anew', reading(1000, 30), reading(3000, 2), null],
  ['two readings at once', reading(1000, 10), reading(1000, 30), null],
])('rate: %s', (_, before, now, expected) => {
  expect(rate(before, now, path, 'connections_total')).toBe(expected);
});

test.each([
  [125, '1 kbit/s'],
  [0, '0 bit/s'],
  [1_250_000_000, '10 Gbit/s'],
])('%d bytes a second are %s', (bytes, shown) => {
  expect(format('en').rate(bytes)).toBe(shown);
});

test('an IPv6 endpoint has brackets', () => {
  expect(endpoint('2001:db8::1', 80)).toBe('[2001:db8::1]:80');
  expect(endpoint('192.0.2.1', 80)).toBe('192.0.2.1:80');
});

test('a value is shown as it is written', () => {
  expect([null, 0, '', 'nat', [1, 2], { a: false }].map(value)).toEqual(['', '0', '', 'nat', '[1,2]', '{"a":false}']);
});
