// @vitest-environment jsdom
import { cleanup, configure, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { App } from '../src/app';
import i18n, { choose } from '../src/i18n';

type Reply = { status?: number; body: unknown; headers?: Record<string, string> };
/** "METHOD /path" -> what the server answers. */
let server: Record<string, Reply>;
let asked: { name: string; search: URLSearchParams; headers: Headers; body: string }[];

const SESSION = { user: 'admin', role: 'admin', must_change_password: false, expires: 0 };
const CONFIG = {
  version: 1,
  system: { hostname: 'jeoul-one' },
  ports: {},
  instances: {
    default: {
      description: '',
      interfaces: {},
      routes: {},
      monitors: {},
      pools: {
        web: {
          description: '',
          monitors: [],
          members: { s1: { description: '', address: '10.0.0.1', port: 80, weight: 3 } },
        },
      },
      services: {
        shop: {
          description: '',
          enabled: true,
          protocol: 'tcp',
          address: '2001:db8::10',
          port: 443,
          scheduler: 'wrr',
          forwarding: 'nat',
          pool: 'web',
        },
      },
    },
  },
};
const STATUS = {
  kind: 'status',
  revision: 7,
  digest: 'aabbccddeeff00112233',
  head_revision: 7,
  head_digest: 'aabbccddeeff00112233',
  applied: true,
  notices: [],
  software: '0.1',
  committed_at: 1,
  source: 'running',
  settled: true,
  last_pass: 1,
  passes: 1,
  steps_taken: 1,
  left: [],
  drift_total: 0,
  drift: [],
  programmer: true,
  checker: true,
  members: { 'default/web/s1': { operational: 'up', administrative: 'enabled', verdicts: [] } },
};

// A machine that builds an image at the same time is slow.
configure({ asyncUtilTimeout: 20_000 });

beforeEach(() => {
  vi.stubGlobal('scrollTo', () => undefined);
  window.history.replaceState(null, '', '/');
  choose('en');
  asked = [];
  server = {
    'GET /api/v1/session': { body: SESSION },
    'GET /api/v1/status': { body: STATUS },
    'GET /api/v1/counters': { body: [] },
    'GET /api/v1/config': { body: CONFIG },
  };
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname, searchParams } = new URL(request.url);
    const name = `${request.method} ${pathname}`;
    asked.push({ name, search: searchParams, headers: request.headers, body: await request.text() });
    const reply = server[name] ?? { status: 404, body: { error: `no ${name}`, hint: '', problems: [], changes: [] } };
    const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body);
    const type = typeof reply.body === 'string' ? 'application/yaml' : 'application/json';
    return new Response(text, { status: reply.status ?? 200, headers: { 'Content-Type': type, ...reply.headers } });
  });
});
afterEach(cleanup);

/** A fresh page, as after a reload. */
function open(path = '/') {
  window.history.replaceState(null, '', path);
  render(<App />);
}

test('a refused sign-in shows what the server says', async () => {
  server['GET /api/v1/session'] = {
    status: 401,
    body: { error: 'You are not signed in.', hint: '', problems: [], changes: [] },
  };
  server['POST /api/v1/login'] = {
    status: 401,
    body: { error: 'User or password is wrong.', hint: 'Wait a little.', problems: [], changes: [] },
  };
  open();
  fireEvent.change(await screen.findByLabelText(/User/), { target: { value: 'admin' } });
  fireEvent.change(screen.getByLabelText(/Password/), { target: { value: 'wrong' } });
  fireEvent.click(screen.getByRole('button', { name: 'Sign in' }));
  expect(await screen.findByText('User or password is wrong.', { exact: false })).toBeTruthy();
  expect(screen.getByText('Wait a little.')).toBeTruthy();
  expect((screen.getByLabelText(/Password/) as HTMLInputElement).value).toBe('');
});

test('after a one-time password only the choice of one stands open', async () => {
  server['GET /api/v1/session'] = { body: { ...SESSION, must_change_password: true } };
  open('/history');
  expect((await screen.findByRole('heading', { level: 1 })).textContent).toBe('Choose your password');
  expect(asked.map((call) => call.name)).toEqual(['GET /api/v1/session']);
});

test('a member is drained after a confirmation, with the header that the server wants', async () => {
  const drain = 'PUT /api/v1/instances/default/pools/web/members/s1/state';
  server[drain] = { body: { state: 'draining' } };
  open();
  expect((await screen.findByText('[2001:db8::10]:443')).tagName).toBe('CODE');
  fireEvent.click(screen.getByRole('button', { name: 'Drain s1 of pool web' }));
  expect(asked.some((call) => call.name === drain)).toBe(false);
  fireEvent.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Drain' }));
  await waitFor(() => expect(asked.some((call) => call.name === drain)).toBe(true));
  const call = asked.find((one) => one.name === drain);
  expect([call?.headers.get('X-Jeoul'), call?.body]).toEqual(['1', '{"state":"draining"}']);
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
});

test('a viewer is offered no change', async () => {
  server['GET /api/v1/session'] = { body: { ...SESSION, role: 'viewer' } };
  open();
  await screen.findByText('[2001:db8::10]:443');
  expect(screen.queryByRole('button', { name: /Drain/ })).toBeNull();
});

test('what is left is told with its reason', async () => {
  const left = {
    engine: 'network',
    verb: 'make',
    path: ['default', 'link lan'],
    reason: 'no link',
    since: 1,
    tries: 4,
  };
  server['GET /api/v1/status'] = { body: { ...STATUS, settled: false, left: [left] } };
  open();
  expect(await screen.findByText('no link')).toBeTruthy();
  expect(screen.getByText('1 step left')).toBeTruthy();
});

test('a document is committed only as it was previewed', async () => {
  const changed = {
    revision: 8,
    digest: 'ffee',
    changes: [{ path: '/system/hostname', old: 'a', new: 'b' }],
    steps: [],
    steps_total: 0,
    left: [],
    applied: true,
    note: '',
  };
  server['GET /api/v1/config'] = { body: 'version: 1\n', headers: { ETag: '"aabb"' } };
  const problem = { path: '/system/hostname', sentence: 'is too long.', hint: 'Use 64 characters at most.' };
  server['PUT /api/v1/config'] = {
    status: 422,
    body: { error: 'The document has a problem.', hint: '', problems: [problem], changes: [] },
  };
  open('/document');
  const text = await screen.findByLabelText('Document (YAML)');
  const preview = () => fireEvent.click(screen.getByRole('button', { name: 'Check and preview' }));
  preview();
  expect(await screen.findByText('/system/hostname')).toBeTruthy();
  expect(screen.getByText(/is too long\./)).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Commit' })).toBeNull();

  server['PUT /api/v1/config'] = { body: changed };
  preview();
  await screen.findByRole('button', { name: 'Commit' });
  fireEvent.change(text, { target: { value: 'version: 1 # changed\n' } });
  expect(screen.queryByRole('button', { name: 'Commit' })).toBeNull();
  preview();
  fireEvent.change(await screen.findByLabelText('Comment'), { target: { value: 'why' } });
  fireEvent.click(screen.getByRole('button', { name: 'Commit' }));
  await screen.findByText(/Revision 8 is committed/);
  const puts = asked.filter((call) => call.name === 'PUT /api/v1/config');
  expect(puts.map((call) => call.search.get('dry_run'))).toEqual(['true', 'true', 'true', 'false']);
  expect(puts.at(-1)?.search.get('comment')).toBe('why');
  expect(puts.at(-1)?.headers.get('If-Match')).toBe('"aabb"');
  expect(puts.at(-1)?.headers.get('Content-Type')).toBe('application/yaml');
  expect(puts.at(-1)?.body).toBe('version: 1 # changed\n');
});

test('signing out leads to the sign-in page', async () => {
  server['POST /api/v1/logout'] = { body: { done: true } };
  open();
  await screen.findByText('[2001:db8::10]:443');
  fireEvent.click(screen.getByRole('button', { name: 'Sign out' }));
  expect(await screen.findByRole('heading', { level: 1, name: 'Sign in' })).toBeTruthy();
});

test('a session that has ended leads to the sign-in page', async () => {
  server['GET /api/v1/status'] = {
    status: 401,
    body: { error: 'You are not signed in.', hint: '', problems: [], changes: [] },
  };
  open();
  expect(await screen.findByRole('heading', { level: 1, name: 'Sign in' })).toBeTruthy();
});

test('the page speaks Korean', async () => {
  choose('ko');
  open();
  expect(await screen.findByRole('button', { name: '풀 web의 s1 드레인' })).toBeTruthy();
  expect(document.documentElement.lang).toBe('ko');
  expect(i18n.language).toBe('ko');
});
