/** What the pages ask of the server, and how often. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { ApiError, api, ask } from './client';
import { key, type Reading } from './rates';
import type { paths } from './schema';

/** What a GET of an address answers: named by the address, which stays when the server's own names change. */
type Got<P extends keyof paths> = paths[P] extends {
  get: { responses: { 200: { content: { 'application/json': infer T } } } };
}
  ? T
  : never;

export type Session = Got<'/api/v1/session'>;
export type Config = Got<'/api/v1/config'>;
export type Status = Got<'/api/v1/status'>;
export type Revision = Got<'/api/v1/revisions'>[number];
export type Changed = paths['/api/v1/config']['put']['responses'][200]['content']['application/json'];
export type ChangeLine = Changed['changes'][number];
export type Step = Changed['steps'][number];
export type Left = Changed['left'][number];
export type MemberStatus = Status['members'][string];
export type Administrative = MemberStatus['administrative'];
export type Operational = MemberStatus['operational'];

const POLL = 2000;

/** Who is signed in; null is nobody. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async (): Promise<Session | null> => {
    try {
      return await ask(api.GET('/api/v1/session'));
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: () => ask(api.GET('/api/v1/status')),
  refetchInterval: POLL,
});

export const countersQuery = queryOptions({
  queryKey: ['counters'],
  queryFn: async (): Promise<Reading> => {
    const rows = await ask(api.GET('/api/v1/counters'));
    return { at: performance.now(), values: new Map(rows.map((row) => [key(row.path), row.counters])) };
  },
  refetchInterval: POLL,
  structuralSharing: false,
});

/** The document of one revision: asked again only when another one runs. */
export const configQuery = (digest: string) =>
  queryOptions({
    queryKey: ['config', digest],
    // JSON, as it was asked for: the same address also gives YAML.
    queryFn: async () => (await ask(api.GET('/api/v1/config'))) as Config,
    staleTime: Number.POSITIVE_INFINITY,
  });

export interface Text {
  text: string;
  /** The digest that the text was read under: sent back as If-Match. */
  digest: string;
}

export const textQuery = queryOptions({
  queryKey: ['text'],
  queryFn: async (): Promise<Text> => {
    const pending = api.GET('/api/v1/config', { params: { query: { format: 'yaml' } }, parseAs: 'text' });
    const text = await ask<string>(pending);
    return { text, digest: (await pending).response.headers.get('ETag') ?? '' };
  },
  gcTime: 0,
  refetchOnWindowFocus: false,
});

const REVISIONS = 50;

/** Newest first, a page at a time. */
export const revisionsQuery = infiniteQueryOptions({
  queryKey: ['revisions'],
  queryFn: ({ pageParam: before }) =>
    ask(api.GET('/api/v1/revisions', { params: { query: { before, limit: REVISIONS } } })),
  initialPageParam: undefined as number | undefined,
  getNextPageParam: (page) => (page.length === REVISIONS ? page.at(-1)?.number : undefined),
});

export const differenceQuery = (from: number, to: number) =>
  queryOptions({
    queryKey: ['difference', from, to],
    queryFn: () =>
      ask(api.GET('/api/v1/revisions/{number}/diff', { params: { path: { number: from }, query: { to } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** A changed document: try it (`dryRun`) or commit it. */
export function putText(
  text: string,
  options: { dryRun: boolean; digest: string; comment?: string },
): Promise<Changed> {
  return ask(
    api.PUT('/api/v1/config', {
      params: {
        query: { dry_run: options.dryRun, comment: options.comment || undefined },
        header: options.digest ? { 'if-match': options.digest } : undefined,
      },
      body: text as unknown as Config,
      bodySerializer: String,
      headers: { 'Content-Type': 'application/yaml' },
    }),
  );
}

/** An older document as the newest: try it, or commit it on the document under which it was tried. */
export async function rollBack(
  number: number,
  options: { dryRun: boolean; digest?: string; comment?: string },
): Promise<{ change: Changed; digest: string }> {
  const pending = api.POST('/api/v1/revisions/{number}/rollback', {
    params: {
      path: { number },
      query: { dry_run: options.dryRun, comment: options.comment || undefined },
      header: options.digest ? { 'if-match': options.digest } : undefined,
    },
  });
  return { change: await ask(pending), digest: (await pending).response.headers.get('ETag') ?? '' };
}

/** Whether somebody may change anything; the server decides in the end. */
export const mayChange = (session: Session | null | undefined): boolean =>
  session?.role === 'operator' || session?.role === 'admin';
