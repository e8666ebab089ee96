import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { countersQuery } from '../../api/queries';
import { type Reading, rate } from '../../api/rates';

/** Return the rates between the last two readings of the server's counters. */
export function useRates(): (path: readonly string[], name: string) => number | null {
  const { data } = useQuery(countersQuery);
  const [pair, setPair] = useState<{ before?: Reading; now?: Reading }>({});
  if (data !== undefined && data !== pair.now) setPair({ before: pair.now, now: data });
  return (path, name) => rate(pair.before, pair.now, path, name);
}
