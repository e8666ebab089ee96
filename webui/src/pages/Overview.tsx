import {
  Alert,
  Button,
  Card,
  CardBody,
  CardTitle,
  DescriptionList,
  DescriptionListDescription,
  DescriptionListGroup,
  DescriptionListTerm,
  Label,
  PageSection,
  Spinner,
  Stack,
  StackItem,
  TextInput,
} from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Config, configQuery, type Status, statusQuery } from '../api/queries';
import { short, useFormat } from '../format';
import { ErrorNote } from '../parts/ErrorNote';
import { LeftOver, Steps } from '../parts/Plan';
import { Title } from '../parts/Title';
import { Pools } from './overview/Pools';
import { Services } from './overview/Services';

/** Is anything wrong, and where? */
export function OverviewPage() {
  const { t } = useTranslation();
  const status = useQuery(statusQuery);
  const config = useQuery({ ...configQuery(status.data?.head_digest ?? ''), enabled: status.data !== undefined });
  const [filter, setFilter] = useState('');
  const error = status.error ?? config.error;
  return (
    <>
      <PageSection>
        <div className="jeoul-bar">
          <Title name={t('overview.title')}>{config.data?.system.hostname ?? t('overview.title')}</Title>
          {status.data && <Settled status={status.data} />}
        </div>
      </PageSection>
      <PageSection isFilled>
        <Stack hasGutter>
          {error && (
            <StackItem>
              <ErrorNote error={error} />
              {status.data && <p className="jeoul-small">{t('overview.old')}</p>}
            </StackItem>
          )}
          {status.isPending && <Spinner aria-label={t('loading')} />}
          {status.data && <Health status={status.data} />}
          {config.isError && (
            <StackItem>
              <Button onClick={() => config.refetch()}>{t('again')}</Button>
            </StackItem>
          )}
          {status.data && config.data && (
            <>
              <StackItem>
                <TextInput
                  type="search"
                  aria-label={t('overview.filter')}
                  placeholder={t('overview.filter')}
                  value={filter}
                  onChange={(_, value) => setFilter(value)}
                />
              </StackItem>
              {Object.entries(config.data.instances).map(([name, instance]) => (
                <Instance
                  key={name}
                  name={name}
                  instance={instance}
                  alone={Object.keys(config.data.instances).length === 1}
                  status={status.data}
                  filter={filter.trim().toLowerCase()}
                />
              ))}
            </>
          )}
        </Stack>
      </PageSection>
    </>
  );
}

interface InstanceProps {
  name: string;
  instance: Config['instances'][string];
  alone: boolean;
  status: Status;
  filter: string;
}

function Instance({ name, instance, alone, status, filter }: InstanceProps) {
  const { t } = useTranslation();
  const named = (title: string) => (alone ? title : `${title} · ${name}`);
  return (
    <>
      <StackItem>
        <Card isCompact>
          <CardTitle component="h2">{named(t('services.title'))}</CardTitle>
          <CardBody>
            <Services instanceName={name} instance={instance} status={status} filter={filter} />
          </CardBody>
        </Card>
      </StackItem>
      <Pools instanceName={name} instance={instance} status={status} filter={filter} named={named} />
    </>
  );
}

function Settled({ status }: { status: Status }) {
  const { t } = useTranslation();
  return status.settled ? (
    <Label status="success">{t('overview.settled')}</Label>
  ) : (
    <Label status="warning">{t('left.title', { count: status.left.length })}</Label>
  );
}

function Health({ status }: { status: Status }) {
  const { t } = useTranslation();
  const format = useFormat();
  const alive = (good: boolean) => (
    <Label isCompact status={good ? 'success' : 'danger'}>
      {good ? t('health.answers') : t('health.silent')}
    </Label>
  );
  return (
    <>
      {status.source !== 'running' && (
        <StackItem>
          <Alert
            variant="danger"
            isInline
            component="h2"
            title={status.source === 'previous' ? t('health.previous') : t('health.none')}
          />
        </StackItem>
      )}
      {status.notices.map((notice) => (
        <StackItem key={notice}>
          <Alert variant="warning" isInline component="h2" title={notice} />
        </StackItem>
      ))}
      {!status.applied && (
        <StackItem>
          <Alert
            variant="warning"
            isInline
            component="h2"
            title={t('health.waiting', { newest: status.head_revision, running: status.revision })}
          />
        </StackItem>
      )}
      {status.left.length > 0 && (
        <StackItem>
          <Alert variant="warning" isInline component="h2" title={t('left.what', { count: status.left.length })}>
            <LeftOver left={status.left} />
          </Alert>
        </StackItem>
      )}
      <StackItem>
        <Card isCompact>
          <CardTitle component="h2">{t('health.title')}</CardTitle>
          <CardBody>
            <DescriptionList isCompact columnModifier={{ default: '2Col', md: '3Col', xl: '3Col', '2xl': '3Col' }}>
              <Fact term={t('revision')}>{format.number(status.revision)}</Fact>
              <Fact term={t('digest')}>
                <code title={status.digest}>{short(status.digest)}</code>
              </Fact>
              <Fact term={t('health.committed')}>{format.time(status.committed_at)}</Fact>
              <Fact term={t('health.programmer')}>{alive(status.programmer)}</Fact>
              <Fact term={t('health.checker')}>{alive(status.checker)}</Fact>
              <Fact term={t('health.pass')}>{format.time(status.last_pass)}</Fact>
              <Fact term={t('health.drift')}>{format.number(status.drift_total)}</Fact>
              <Fact term={t('health.software')}>{status.software}</Fact>
            </DescriptionList>
            {status.drift.length > 0 && (
              <details>
                <summary>{t('health.driftLatest')}</summary>
                <p className="jeoul-small">{format.time(Math.max(...status.drift.map((drift) => drift.at)))}</p>
                <Steps steps={status.drift.map((drift) => drift.step)} />
              </details>
            )}
          </CardBody>
        </Card>
      </StackItem>
    </>
  );
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <DescriptionListGroup>
      <DescriptionListTerm>{term}</DescriptionListTerm>
      <DescriptionListDescription>{children}</DescriptionListDescription>
    </DescriptionListGroup>
  );
}
