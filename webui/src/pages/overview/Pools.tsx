import {
  Button,
  Card,
  CardBody,
  CardTitle,
  Content,
  Title as Heading,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  StackItem,
} from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ParseKeys } from 'i18next';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask } from '../../api/client';
import {
  type Administrative,
  type Config,
  type MemberStatus,
  mayChange,
  type Status,
  sessionQuery,
  statusQuery,
} from '../../api/queries';
import { endpoint, useFormat } from '../../format';
import { ErrorNote } from '../../parts/ErrorNote';
import { AdministrativeLabel, OperationalLabel } from '../../parts/States';

interface Props {
  instanceName: string;
  instance: Config['instances'][string];
  status: Status;
  filter: string;
  named: (title: string) => string;
}

interface Wish {
  instance: string;
  pool: string;
  member: string;
  state: Administrative;
}

const WISHES = {
  enabled: { do: 'member.enable', title: 'member.enableTitle', what: 'member.enableWhat', variant: 'primary' },
  draining: { do: 'member.drain', title: 'member.drainTitle', what: 'member.drainWhat', variant: 'primary' },
  disabled: { do: 'member.disable', title: 'member.disableTitle', what: 'member.disableWhat', variant: 'danger' },
} as const satisfies Record<Administrative, { do: ParseKeys; title: ParseKeys; what: ParseKeys; variant: string }>;

const UNSEEN: MemberStatus = { operational: 'unknown', administrative: 'enabled', verdicts: [] };

/** Every pool with its members: what they are, what the monitors say of them, what the operator wants of them. */
export function Pools({ instanceName, instance, status, filter, named }: Props) {
  const { t } = useTranslation();
  const { data: session } = useQuery(sessionQuery);
  const [wish, setWish] = useState<Wish | null>(null);
  return (
    <>
      {Object.entries(instance.pools).map(([poolName, pool]) => {
        const all = Object.entries(pool.members);
        const members = all.filter(([name, member]) =>
          `${poolName} ${name} ${member.address} ${member.port} ${member.description}`.toLowerCase().includes(filter),
        );
        if (members.length === 0 && (filter || all.length > 0)) return null;
        return (
          <StackItem key={poolName}>
            <Card isCompact>
              <CardTitle component="h2">{named(t('pool.title', { name: poolName }))}</CardTitle>
              <CardBody>
                <p className="jeoul-small">
                  {pool.monitors.length > 0
                    ? t('pool.monitors', { names: pool.monitors.join(', ') })
                    : t('pool.unwatched')}
                </p>
                {members.length === 0 ? (
                  <Content component="p">{t('pool.empty')}</Content>
                ) : (
                  <Table variant="compact" aria-label={t('pool.title', { name: poolName })}>
                    <Thead>
                      <Tr>
                        <Th modifier="wrap">{t('member.name')}</Th>
                        <Th modifier="wrap">{t('member.address')}</Th>
                        <Th modifier="wrap">{t('member.operational')}</Th>
                        <Th modifier="wrap">{t('member.administrative')}</Th>
                        <Th modifier="wrap">{t('member.weight')}</Th>
                        <Th width={30} modifier="wrap">
                          {t('member.probe')}
                        </Th>
                        <Th screenReaderText={t('actions')} />
                      </Tr>
                    </Thead>
                    <Tbody>
                      {members.map(([name, member]) => {
                        const now = status.members[`${instanceName}/${poolName}/${name}`] ?? UNSEEN;
                        return (
                          <Tr key={name}>
                            <Td dataLabel={t('member.name')}>
                              <strong>{name}</strong>
                              {member.description && <div className="jeoul-small">{member.description}</div>}
                            </Td>
                            <Td dataLabel={t('member.address')}>
                              <code className="jeoul-code">{endpoint(member.address, member.port)}</code>
                            </Td>
                            <Td dataLabel={t('member.operational')}>
                              <OperationalLabel state={now.operational} />
                            </Td>
                            <Td dataLabel={t('member.administrative')}>
                              <AdministrativeLabel state={now.administrative} />
                            </Td>
                            <Td dataLabel={t('member.weight')} className="jeoul-number">
                              {member.weight}
                            </Td>
                            <Td dataLabel={t('member.probe')}>
                              <Probes status={now} />
                            </Td>
                            <Td>
                              {mayChange(session) && (
                                <div className="jeoul-bar end row">
                                  {(Object.keys(WISHES) as Administrative[])
                                    .filter((state) => state !== now.administrative)
                                    .map((state) => (
                                      <Button
                                        key={state}
                                        variant="secondary"
                                        size="sm"
                                        aria-label={t(WISHES[state].title, { member: name, pool: poolName })}
                                        onClick={() =>
                                          setWish({ instance: instanceName, pool: poolName, member: name, state })
                                        }
                                      >
                                        {t(WISHES[state].do)}
                                      </Button>
                                    ))}
                                </div>
                              )}
                            </Td>
                          </Tr>
                        );
                      })}
                    </Tbody>
                  </Table>
                )}
              </CardBody>
            </Card>
          </StackItem>
        );
      })}
      {wish && <Confirm wish={wish} onClose={() => setWish(null)} />}
    </>
  );
}

/** What the last probe of each monitor saw. */
function Probes({ status }: { status: MemberStatus }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (status.verdicts.length === 0) return '–';
  return status.verdicts.map((verdict) => (
    <div key={verdict.monitor}>
      {verdict.monitor}: {verdict.detail}
      <div className="jeoul-small">
        {[
          verdict.latency === null ? '' : format.latency(verdict.latency),
          verdict.bad > 0 ? t('member.bad', { count: verdict.bad }) : t('member.good', { count: verdict.good }),
          t('member.since', { time: format.time(verdict.since) }),
        ]
          .filter(Boolean)
          .join(' · ')}
      </div>
    </div>
  ));
}

function Confirm({ wish, onClose }: { wish: Wish; onClose: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { state, ...path } = wish;
  const change = useMutation({
    mutationFn: () =>
      ask(
        api.PUT('/api/v1/instances/{instance}/pools/{pool}/members/{member}/state', {
          params: { path },
          body: { state },
        }),
      ),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: statusQuery.queryKey });
      onClose();
    },
  });
  const words = WISHES[state];
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="wish-title" aria-describedby="wish-body">
      <ModalHeader>
        <Heading headingLevel="h2" size="xl" id="wish-title">
          {t(words.title, { member: wish.member, pool: wish.pool })}
        </Heading>
      </ModalHeader>
      <ModalBody id="wish-body">
        <p>{t(words.what)}</p>
        <ErrorNote error={change.error} />
      </ModalBody>
      <ModalFooter>
        <Button
          variant={words.variant}
          onClick={() => change.mutate()}
          isLoading={change.isPending}
          isDisabled={change.isPending}
        >
          {t(words.do)}
        </Button>
        <Button variant="link" onClick={onClose}>
          {t('cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
