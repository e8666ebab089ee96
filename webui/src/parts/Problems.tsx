import { useTranslation } from 'react-i18next';
import type { Problem } from '../api/client';

interface Props {
  problems: readonly Problem[];
  /** Places that have a name on the page. */
  places?: Readonly<Record<string, string>>;
}

/** Every problem: where, what, and the remedy. */
export function Problems({ problems, places }: Props) {
  const { t } = useTranslation();
  return (
    <ul aria-label={t('problems.label')} className="jeoul-problems">
      {problems.map((problem) => (
        <li key={`${problem.path} ${problem.sentence}`}>
          {places?.[problem.path] ?? <code className="jeoul-code">{problem.path || '/'}</code>}
          <div>
            {problem.sentence} {problem.hint && <span className="jeoul-small">{problem.hint}</span>}
          </div>
        </li>
      ))}
    </ul>
  );
}
