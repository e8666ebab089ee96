/** From two readings of the counters to rates per second. */
export interface Reading {
  /** Milliseconds of a clock that only goes forward. */
  at: number;
  /** Counter values by path, as `key` writes it. */
  values: ReadonlyMap<string, Readonly<Record<string, number>>>;
}

export const key = (path: readonly string[]): string => path.join('\0');

/** Return a counter's growth per second between two readings; null where it cannot be told. */
export function rate(
  before: Reading | undefined,
  now: Reading | undefined,
  path: readonly string[],
  name: string,
): number | null {
  const old = before?.values.get(key(path))?.[name];
  const fresh = now?.values.get(key(path))?.[name];
  if (before === undefined || now === undefined || old === undefined || fresh === undefined) return null;
  const seconds = (now.at - before.at) / 1000;
  // A counter that went back belongs to something that was made anew.
  return seconds > 0 && fresh >= old ? (fresh - old) / seconds : null;
}
