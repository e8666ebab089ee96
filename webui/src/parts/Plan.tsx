import { Content, Title as Heading } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useTranslation } from 'react-i18next';
import type { Changed, ChangeLine, Left, Step } from '../api/queries';
import { useFormat, value } from '../format';
import { VerbLabel } from './States';

/** Beyond this many lines a table only says how many more there are. */
const MOST = 200;

function More({ count }: { count: number }) {
  const { t } = useTranslation();
  return count > MOST ? <Content component="p">{t('more', { count: count - MOST })}</Content> : null;
}

function OldNew({ old, fresh }: { old: unknown; fresh: unknown }) {
  const [before, after] = [value(old), value(fresh)];
  return (
    <code className="jeoul-code">
      {before && <del className="jeoul-old">{before}</del>}
      {before && after && ' → '}
      {after && <ins className="jeoul-new">{after}</ins>}
    </code>
  );
}

/** What differs between two documents. */
export function Changes({ changes }: { changes: readonly ChangeLine[] }) {
  const { t } = useTranslation();
  if (changes.length === 0) return <Content component="p">{t('changes.none')}</Content>;
  return (
    <>
      <Table variant="compact" aria-label={t('changes.label')}>
        <Thead>
          <Tr>
            <Th width={40} modifier="wrap">
              {t('place')}
            </Th>
            <Th modifier="wrap">{t('changes.what')}</Th>
          </Tr>
        </Thead>
        <Tbody>
          {changes.slice(0, MOST).map((change) => (
            <Tr key={change.path}>
              <Td dataLabel={t('place')}>
                <code className="jeoul-code">{change.path || '/'}</code>
              </Td>
              <Td dataLabel={t('changes.what')}>
                <OldNew old={change.old} fresh={change.new} />
              </Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
      <More count={changes.length} />
    </>
  );
}

/** The steps that the machine takes, in their order. */
export function Steps({ steps, total = steps.length }: { steps: readonly Step[]; total?: number }) {
  const { t } = useTranslation();
  if (steps.length === 0) return <Content component="p">{t('steps.none')}</Content>;
  return (
    <>
      <Table variant="compact" aria-label={t('steps.label')}>
        <Thead>
          <Tr>
            <Th modifier="fitContent">{t('steps.verb')}</Th>
            <Th modifier="fitContent">{t('steps.engine')}</Th>
            <Th width={40} modifier="wrap">
              {t('place')}
            </Th>
            <Th modifier="wrap">{t('steps.row')}</Th>
          </Tr>
        </Thead>
        <Tbody>
          {steps.slice(0, MOST).map((step) => (
            <Tr key={`${step.engine} ${step.verb} ${step.path.join('\0')}`}>
              <Td dataLabel={t('steps.verb')}>
                <VerbLabel verb={step.verb} />
              </Td>
              <Td dataLabel={t('steps.engine')}>{step.engine}</Td>
              <Td dataLabel={t('place')}>
                <code className="jeoul-code">{step.path.join(' / ')}</code>
              </Td>
              <Td dataLabel={t('steps.row')}>
                <OldNew old={step.old} fresh={step.new} />
              </Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
      <More count={total} />
    </>
  );
}

/** What could not be done yet, and why. */
export function LeftOver({ left }: { left: readonly Left[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <>
      <Table variant="compact" aria-label={t('left.label')}>
        <Thead>
          <Tr>
            <Th modifier="fitContent">{t('steps.verb')}</Th>
            <Th modifier="fitContent">{t('steps.engine')}</Th>
            <Th modifier="wrap">{t('place')}</Th>
            <Th width={40} modifier="wrap">
              {t('left.reason')}
            </Th>
            <Th modifier="wrap">{t('left.since')}</Th>
            <Th modifier="fitContent">{t('left.tries')}</Th>
          </Tr>
        </Thead>
        <Tbody>
          {left.slice(0, MOST).map((item) => (
            <Tr key={`${item.engine} ${item.verb} ${item.path.join('\0')}`}>
              <Td dataLabel={t('steps.verb')}>
                <VerbLabel verb={item.verb} />
              </Td>
              <Td dataLabel={t('steps.engine')}>{item.engine}</Td>
              <Td dataLabel={t('place')}>
                <code className="jeoul-code">{item.path.join(' / ')}</code>
              </Td>
              <Td dataLabel={t('left.reason')}>{item.reason}</Td>
              <Td dataLabel={t('left.since')}>{format.time(item.since)}</Td>
              <Td dataLabel={t('left.tries')}>{format.number(item.tries)}</Td>
            </Tr>
          ))}
        </Tbody>
      </Table>
      <More count={left.length} />
    </>
  );
}

/** A change before or after it is made: the difference, the steps, and what is left. */
export function Plan({ change }: { change: Changed }) {
  const { t } = useTranslation();
  return (
    <>
      <Heading headingLevel="h3" size="md">
        {t('changes.title', { count: change.changes.length })}
      </Heading>
      <Changes changes={change.changes} />
      <Heading headingLevel="h3" size="md">
        {t('steps.title', { count: change.steps_total })}
      </Heading>
      <Steps steps={change.steps} total={change.steps_total} />
      {change.left.length > 0 && (
        <>
          <Heading headingLevel="h3" size="md">
            {t('left.title', { count: change.left.length })}
          </Heading>
          <LeftOver left={change.left} />
        </>
      )}
    </>
  );
}
