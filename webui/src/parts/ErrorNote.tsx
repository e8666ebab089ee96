import { Alert } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/client';
import { Problems } from './Problems';

/** What went wrong, what to do about it, and every problem with its place. */
export function ErrorNote({ error }: { error: Error | null }) {
  const { t } = useTranslation();
  if (!error) return null;
  const known = error instanceof ApiError ? error : new ApiError(0, '');
  const title =
    known.message || (known.status === 0 ? t('error.unreachable') : t('error.status', { status: known.status }));
  const hint = known.hint || (known.status === 0 ? t('error.unreachableHint') : '');
  return (
    <div role="alert">
      <Alert variant="danger" isInline component="h2" title={title}>
        {hint && <p>{hint}</p>}
        {known.problems.length > 0 && <Problems problems={known.problems} />}
      </Alert>
    </div>
  );
}
