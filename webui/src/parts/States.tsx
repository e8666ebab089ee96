import { Label } from '@patternfly/react-core';
import type { ParseKeys } from 'i18next';
import { useTranslation } from 'react-i18next';
import type { Administrative, Operational, Step } from '../api/queries';

export const OPERATIONAL = {
  up: { name: 'state.up', status: 'success' },
  degraded: { name: 'state.degraded', status: 'warning' },
  down: { name: 'state.down', status: 'danger' },
  unknown: { name: 'state.unknown', status: 'info' },
} as const satisfies Record<Operational, { name: ParseKeys; status: string }>;

export const ADMINISTRATIVE = {
  enabled: { name: 'state.enabled', color: 'grey' },
  draining: { name: 'state.draining', color: 'orange' },
  disabled: { name: 'state.disabled', color: 'red' },
} as const satisfies Record<Administrative, { name: ParseKeys; color: string }>;

export const VERBS = {
  make: { name: 'verb.make', color: 'green' },
  change: { name: 'verb.change', color: 'blue' },
  break: { name: 'verb.break', color: 'red' },
  observe: { name: 'verb.observe', color: 'grey' },
} as const satisfies Record<Step['verb'] | 'observe', { name: ParseKeys; color: string }>;

export function OperationalLabel({ state }: { state: Operational }) {
  const { t } = useTranslation();
  return (
    <Label isCompact status={OPERATIONAL[state].status}>
      {t(OPERATIONAL[state].name)}
    </Label>
  );
}

export function AdministrativeLabel({ state }: { state: Administrative }) {
  const { t } = useTranslation();
  return (
    <Label isCompact variant="outline" color={ADMINISTRATIVE[state].color}>
      {t(ADMINISTRATIVE[state].name)}
    </Label>
  );
}

export function VerbLabel({ verb }: { verb: keyof typeof VERBS }) {
  const { t } = useTranslation();
  return (
    <Label isCompact color={VERBS[verb].color}>
      {t(VERBS[verb].name)}
    </Label>
  );
}
