import {
  Button,
  Card,
  CardBody,
  CardTitle,
  Content,
  FormSelect,
  FormSelectOption,
  Title as Heading,
  Label,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  PageSection,
  Spinner,
  Stack,
  StackItem,
  TextInput,
} from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  type Changed,
  differenceQuery,
  mayChange,
  type Revision,
  revisionsQuery,
  rollBack,
  sessionQuery,
  statusQuery,
} from '../api/queries';
import { short, useFormat } from '../format';
import { Done } from '../parts/Done';
import { ErrorNote } from '../parts/ErrorNote';
import { Changes, Plan } from '../parts/Plan';
import { Title } from '../parts/Title';

export function HistoryPage() {
  const { t } = useTranslation();
  const format = useFormat();
  const list = useInfiniteQuery(revisionsQuery);
  const status = useQuery(statusQuery);
  const { data: session } = useQuery(sessionQuery);
  const [pair, setPair] = useState<{ from: number; to: number } | null>(null);
  const [back, setBack] = useState<Revision | null>(null);
  const [done, setDone] = useState<Changed | null>(null);
  const revisions = list.data?.pages.flat() ?? [];
  const running = status.data?.revision;
  return (
    <>
      <PageSection>
        <Title name={t('history.title')}>{t('history.title')}</Title>
        <Content component="p">{t('history.what')}</Content>
      </PageSection>
      <PageSection isFilled>
        <Stack hasGutter>
          {done && (
            <StackItem>
              <Done change={done} />
            </StackItem>
          )}
          {list.isError && (
            <StackItem>
              <ErrorNote error={list.error} />
              <Button onClick={() => list.refetch()}>{t('again')}</Button>
            </StackItem>
          )}
          {list.isPending && <Spinner aria-label={t('loading')} />}
          {list.data && (
            <StackItem>
              <Table variant="compact" aria-label={t('history.title')}>
                <Thead>
                  <Tr>
                    <Th modifier="fitContent">{t('revision')}</Th>
                    <Th modifier="wrap">{t('history.time')}</Th>
                    <Th modifier="wrap">{t('history.author')}</Th>
                    <Th width={30} modifier="wrap">
                      {t('comment')}
                    </Th>
                    <Th modifier="wrap">{t('digest')}</Th>
                    <Th screenReaderText={t('actions')} />
                  </Tr>
                </Thead>
                <Tbody>
                  {revisions.map((revision) => (
                    <Tr key={revision.number}>
                      <Td dataLabel={t('revision')}>
                        <span className="jeoul-bar">
                          {revision.number}
                          {revision.number === running && (
                            <Label isCompact status="success">
                              {t('history.running')}
                            </Label>
                          )}
                        </span>
                      </Td>
                      <Td dataLabel={t('history.time')}>{format.time(revision.time)}</Td>
                      <Td dataLabel={t('history.author')}>{revision.author}</Td>
                      <Td dataLabel={t('comment')}>{revision.comment}</Td>
                      <Td dataLabel={t('digest')}>
                        <code title={revision.digest}>{short(revision.digest)}</code>
                      </Td>
                      <Td>
                        {revision.kept ? (
                          <div className="jeoul-bar end row">
                            {revision.parent !== null && (
                              <Button
                                variant="secondary"
                                size="sm"
                                aria-label={t('history.changesOf', { number: revision.number })}
                                onClick={() => setPair({ from: revision.parent ?? 0, to: revision.number })}
                              >
                                {t('history.changes')}
                              </Button>
                            )}
                            {mayChange(session) && revision.number !== revisions[0]?.number && (
                              <Button
                                variant="secondary"
                                size="sm"
                                aria-label={t('history.backTo', { number: revision.number })}
                                onClick={() => setBack(revision)}
                              >
                                {t('history.back')}
                              </Button>
                            )}
                          </div>
                        ) : (
                          <span className="jeoul-small">{t('history.dropped')}</span>
                        )}
                      </Td>
                    </Tr>
                  ))}
                </Tbody>
              </Table>
              {list.hasNextPage && (
                <Button variant="link" onClick={() => list.fetchNextPage()} isLoading={list.isFetchingNextPage}>
                  {t('history.older')}
                </Button>
              )}
            </StackItem>
          )}
          {pair && (
            <StackItem>
              <Compare pair={pair} onChange={setPair} revisions={revisions} />
            </StackItem>
          )}
        </Stack>
      </PageSection>
      {back && (
        <RollBack
          revision={back}
          onClose={() => setBack(null)}
          onDone={(change) => {
            setBack(null);
            setDone(change);
          }}
        />
      )}
    </>
  );
}

interface Pair {
  from: number;
  to: number;
}

function Compare({ pair, onChange, revisions }: { pair: Pair; onChange: (pair: Pair) => void; revisions: Revision[] }) {
  const { t } = useTranslation();
  const difference = useQuery(differenceQuery(pair.from, pair.to));
  const choice = (label: string, value: number, choose: (number: number) => void) => (
    <div>
      <FormSelect aria-label={label} value={value} onChange={(_, chosen) => choose(Number(chosen))}>
        {revisions
          .filter((revision) => revision.kept)
          .map((revision) => (
            <FormSelectOption
              key={revision.number}
              value={revision.number}
              label={`${t('revision')} ${revision.number}`}
            />
          ))}
      </FormSelect>
    </div>
  );
  return (
    <Card>
      <CardTitle component="h2">
        <div className="jeoul-bar">
          {t('history.compare')}
          {choice(t('history.from'), pair.from, (from) => onChange({ ...pair, from }))}
          <span aria-hidden="true">→</span>
          {choice(t('history.to'), pair.to, (to) => onChange({ ...pair, to }))}
        </div>
      </CardTitle>
      <CardBody>
        {difference.isPending && <Spinner aria-label={t('loading')} />}
        <ErrorNote error={difference.error} />
        {difference.data && <Changes changes={difference.data.changes} />}
      </CardBody>
    </Card>
  );
}

interface RollBackProps {
  revision: Revision;
  onClose: () => void;
  onDone: (change: Changed) => void;
}

function RollBack({ revision, onClose, onDone }: RollBackProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [comment, setComment] = useState('');
  const preview = useQuery({
    queryKey: ['rollback', revision.number],
    queryFn: () => rollBack(revision.number, { dryRun: true }),
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  const commit = useMutation({
    mutationFn: () => rollBack(revision.number, { dryRun: false, digest: preview.data?.digest, comment }),
    onSuccess: async ({ change }) => {
      onDone(change);
      await queries.invalidateQueries({ queryKey: ['revisions'] });
      await queries.invalidateQueries({ queryKey: ['status'] });
    },
  });
  return (
    <Modal isOpen variant="large" onClose={onClose} aria-labelledby="back-title">
      <ModalHeader>
        <Heading headingLevel="h2" size="xl" id="back-title">
          {t('history.backTitle', { number: revision.number })}
        </Heading>
      </ModalHeader>
      <ModalBody tabIndex={0} aria-label={t('document.preview')}>
        <Stack hasGutter>
          <Content component="p">{t('history.backWhat')}</Content>
          {preview.isPending && <Spinner aria-label={t('loading')} />}
          <ErrorNote error={commit.error ?? preview.error} />
          {preview.data && (
            <>
              <div>
                <Plan change={preview.data.change} />
              </div>
              <TextInput
                aria-label={t('comment')}
                placeholder={t('comment')}
                value={comment}
                maxLength={500}
                onChange={(_, value) => setComment(value)}
              />
            </>
          )}
        </Stack>
      </ModalBody>
      <ModalFooter>
        <Button
          onClick={() => commit.mutate()}
          isLoading={commit.isPending}
          isDisabled={!preview.data || commit.isPending || preview.data.change.changes.length === 0}
        >
          {t('history.back')}
        </Button>
        <Button variant="link" onClick={onClose}>
          {t('cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
