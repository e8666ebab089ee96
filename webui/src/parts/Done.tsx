import { Alert } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import type { Changed } from '../api/queries';
import { short } from '../format';
import { LeftOver } from './Plan';

/** What became of a change: its revision, and whether the machine has taken it. */
export function Done({ change }: { change: Changed }) {
  const { t } = useTranslation();
  const settled = change.applied && change.left.length === 0;
  return (
    <div role="status">
      <Alert
        variant={settled ? 'success' : 'warning'}
        isInline
        component="h2"
        title={t('done.title', { revision: change.revision, digest: short(change.digest) })}
      >
        <p>{t(!change.applied ? 'done.waiting' : settled ? 'done.settled' : 'done.left')}</p>
        {change.note && <p>{change.note}</p>}
        {change.left.length > 0 && <LeftOver left={change.left} />}
      </Alert>
    </div>
  );
}
