/** The one way to the server: typed by its OpenAPI document, errors in one shape. */
import createClient, { type Middleware } from 'openapi-fetch';
import type { paths } from './schema';

type ErrorAnswer = paths['/api/v1/session']['get']['responses'][401]['content']['application/json'];
export type Problem = ErrorAnswer['problems'][number];

/** What went wrong, in the server's words; status 0 is no answer at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly answer: ErrorAnswer = { error: '', hint: '', problems: [], changes: [] },
  ) {
    super(answer.error);
  }
}

let signedOut: () => void = () => undefined;

/** Call `action` when the server says that the session has ended. */
export function onSignedOut(action: () => void): void {
  signedOut = action;
}

const session: Middleware = {
  onResponse({ response, schemaPath }) {
    if (response.status === 401 && schemaPath !== '/api/v1/login' && schemaPath !== '/api/v1/session') signedOut();
  },
};

/** The header is what a foreign page cannot send; the server refuses changes without it. */
export const api = createClient<paths>({
  baseUrl: globalThis.location?.origin,
  headers: { 'X-Jeoul': '1' },
  credentials: 'same-origin',
  fetch: (request) => globalThis.fetch(request),
});
api.use(session);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Return the data of an answer. Throws ApiError. */
export async function ask<T>(pending: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await pending;
  } catch {
    throw new ApiError(0);
  }
  if (answer.response.ok) return answer.data as T;
  throw errorOf(answer.response.status, answer.error);
}

function errorOf(status: number, body: unknown): ApiError {
  // Something between here and the server may answer in words of its own.
  const ours = typeof body === 'object' && body !== null && 'error' in body && 'problems' in body;
  return new ApiError(status, ours ? (body as ErrorAnswer) : undefined);
}
