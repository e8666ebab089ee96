import { Alert } from '@patternfly/react-core';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/client';
import { Changes } from './Plan';
import { Problems } from './Problems';

/** What went wrong, what to do about it, and every problem with its place, or the place's name where it has one. */
export function ErrorNote({ error, places }: { error: Error | null; places?: Readonly<Record<string, string>> }) {
  const { t } = useTranslation();
  if (!error) return null;
  const { status, answer } = error instanceof ApiError ? error : new ApiError(0);
  const title = answer.error || (status === 0 ? t('error.unreachable') : t('error.status', { status }));
  const hint = answer.hint || (status === 0 ? t('error.unreachableHint') : '');
  return (
    <div role="alert">
      <Alert variant="danger" isInline component="h2" title={title}>
        {hint && <p>{hint}</p>}
        {answer.problems.length > 0 && <Problems problems={answer.problems} places={places} />}
        {answer.changes.length > 0 && <Changes changes={answer.changes} />}
      </Alert>
    </div>
  );
}
