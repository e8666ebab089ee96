import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useTranslation } from 'react-i18next';
import type { Problem } from '../api/client';

/** Every problem of a document: where, what, and the remedy. */
export function Problems({ problems }: { problems: readonly Problem[] }) {
  const { t } = useTranslation();
  return (
    <Table variant="compact" aria-label={t('problems.label')}>
      <Thead>
        <Tr>
          <Th>{t('problems.path')}</Th>
          <Th>{t('problems.sentence')}</Th>
          <Th>{t('problems.hint')}</Th>
        </Tr>
      </Thead>
      <Tbody>
        {problems.map((problem) => (
          <Tr key={`${problem.path} ${problem.sentence}`}>
            <Td dataLabel={t('problems.path')}>
              <code className="jeoul-code">{problem.path || '/'}</code>
            </Td>
            <Td dataLabel={t('problems.sentence')}>{problem.sentence}</Td>
            <Td dataLabel={t('problems.hint')}>{problem.hint}</Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
