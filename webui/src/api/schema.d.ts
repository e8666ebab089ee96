// Written by hand until the server's OpenAPI document exists; then `npm run types` replaces it.
type Answer<T, Type extends string = 'application/json'> = {
  headers: { [name: string]: unknown };
  content: { [K in Type]: T };
};
type Body<T, Type extends string = 'application/json'> = { content: { [K in Type]: T } };
type Change = { dry_run?: boolean; comment?: string };
type S = components['schemas'];

export interface paths {
  '/api/v1/login': { post: { requestBody: Body<S['Credentials']>; responses: { 200: Answer<S['Session']> } } };
  '/api/v1/logout': { post: { responses: { 200: Answer<unknown> } } };
  '/api/v1/session': { get: { responses: { 200: Answer<S['Session']> } } };
  '/api/v1/users/me/password': {
    put: { requestBody: Body<{ old: string; new: string }>; responses: { 200: Answer<unknown> } };
  };
  '/api/v1/config': {
    get: { parameters: { query?: { format?: 'json' | 'yaml' } }; responses: { 200: Answer<S['Config']> } };
    put: {
      parameters: { query?: Change; header?: { 'If-Match'?: string } };
      requestBody: Body<unknown>;
      responses: { 200: Answer<S['Changed']> };
    };
  };
  '/api/v1/instances/{instance}/pools/{pool}/members/{member}/state': {
    put: {
      parameters: { path: { instance: string; pool: string; member: string } };
      requestBody: Body<{ state: S['Administrative'] }>;
      responses: { 200: Answer<unknown> };
    };
  };
  '/api/v1/revisions': { get: { parameters: { query?: { before?: number; limit?: number } }; responses: { 200: Answer<S['Revision'][]> } } };
  '/api/v1/revisions/{number}/diff': {
    get: {
      parameters: { path: { number: number }; query?: { to?: number } };
      responses: { 200: Answer<S['Difference']> };
    };
  };
  '/api/v1/revisions/{number}/rollback': {
    post: {
      parameters: { path: { number: number }; query?: Change; header?: { 'If-Match'?: string } };
      responses: { 200: Answer<S['Changed']> };
    };
  };
  '/api/v1/status': { get: { responses: { 200: Answer<S['Status']> } } };
  '/api/v1/counters': { get: { responses: { 200: Answer<S['Counted']> } } };
}

export interface components {
  schemas: {
    Credentials: { user: string; password: string };
    Session: { token?: string; user: string; role: string; must_change_password: boolean; expires: number };
    Administrative: 'enabled' | 'draining' | 'disabled';
    Operational: 'unknown' | 'up' | 'degraded' | 'down';
    Verb: 'make' | 'change' | 'break';
    Config: {
      version: 1;
      system: { hostname: string };
      ports: { [name: string]: unknown };
      instances: { [name: string]: S['Instance'] };
    };
    Instance: {
      pools: { [name: string]: S['Pool'] };
      services: { [name: string]: S['VirtualService'] };
    };
    Pool: { description: string; members: { [name: string]: S['Member'] }; monitors: string[] };
    Member: { description: string; address: string; port: number; weight: number };
    VirtualService: {
      description: string;
      enabled: boolean;
      protocol: 'tcp' | 'udp';
      address: string;
      port: number;
      scheduler: string;
      forwarding: string;
      pool: string;
    };
    Problem: { path: string; sentence: string; hint: string };
    ChangeLine: { path: string; old: unknown; new: unknown };
    Step: { engine: string; verb: S['Verb']; path: string[]; old?: unknown; new?: unknown };
    Left: {
      engine: string;
      verb: S['Verb'] | 'observe';
      path: string[];
      reason: string;
      since: number;
      tries: number;
    };
    Difference: { changes: S['ChangeLine'][] };
    Changed: {
      revision: number;
      digest: string;
      changes: S['ChangeLine'][];
      steps: S['Step'][];
      left: S['Left'][];
      applied: boolean;
    };
    Revision: { number: number; digest: string; author: string; time: number; comment: string; parent: number | null; kept: boolean };
    Verdict: {
      key: string;
      monitor: string;
      state: S['Operational'];
      since: number;
      detail: string;
      probed: number;
      latency: number | null;
      good: number;
      bad: number;
    };
    MemberStatus: {
      operational: S['Operational'];
      administrative: S['Administrative'];
      verdicts: S['Verdict'][];
    };
    Drift: { at: number; step: S['Step'] };
    Status: {
      revision: number;
      digest: string;
      committed_at: number;
      source: 'running' | 'previous' | 'none';
      settled: boolean;
      last_pass: number;
      passes: number;
      steps_taken: number;
      left: S['Left'][];
      drift_total: number;
      drift: S['Drift'][];
      programmer: boolean;
      checker: boolean;
      members: { [key: string]: S['MemberStatus'] };
    };
    Counted: { counters: [string[], { [name: string]: number }][] };
  };
}
