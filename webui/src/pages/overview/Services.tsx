import { Content, Label } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useTranslation } from 'react-i18next';
import type { Config, Status } from '../../api/queries';

import { endpoint, useFormat } from '../../format';
import { takesTraffic } from './members';
import { useRates } from './useRates';

interface Props {
  instanceName: string;
  instance: Config['instances'][string];
  status: Status;
  filter: string;
}

/** The virtual services with their rates and how many members stand behind them. */
export function Services({ instanceName, instance, status, filter }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const rate = useRates();
  const shown = Object.entries(instance.services).filter(([name, service]) =>
    `${name} ${service.address} ${service.port} ${service.pool} ${service.description}`.toLowerCase().includes(filter),
  );
  if (shown.length === 0) return <Content component="p">{t(filter ? 'services.notFound' : 'services.none')}</Content>;
  const maybe = (value: number | null, show: (value: number) => string) => (value === null ? '–' : show(value));
  return (
    <Table variant="compact" aria-label={t('services.title')}>
      <Thead>
        <Tr>
          <Th modifier="wrap">{t('services.name')}</Th>
          <Th modifier="wrap">{t('services.state')}</Th>
          <Th modifier="wrap">{t('services.address')}</Th>
          <Th modifier="wrap">{t('services.protocol')}</Th>
          <Th modifier="wrap">{t('services.scheduler')}</Th>
          <Th modifier="wrap">{t('services.forwarding')}</Th>
          <Th modifier="wrap">{t('services.pool')}</Th>
          <Th modifier="wrap">{t('services.connections')}</Th>
          <Th modifier="wrap">{t('services.in')}</Th>
          <Th modifier="wrap">{t('services.out')}</Th>
        </Tr>
      </Thead>
      <Tbody>
        {shown.map(([name, service]) => {
          const members = Object.keys(instance.pools[service.pool]?.members ?? {});
          const ready = members.filter((member) =>
            takesTraffic(status.members[`${instanceName}/${service.pool}/${member}`]),
          );
          const path = [instanceName, 'ipvs', `service ${service.protocol} ${endpoint(service.address, service.port)}`];
          return (
            <Tr key={name}>
              <Td dataLabel={t('services.name')}>
                <strong>{name}</strong>
                {service.description && <div className="jeoul-small">{service.description}</div>}
              </Td>
              <Td dataLabel={t('services.state')}>
                <Ready enabled={service.enabled} ready={ready.length} all={members.length} />
              </Td>
              <Td dataLabel={t('services.address')}>
                <code className="jeoul-code">{endpoint(service.address, service.port)}</code>
              </Td>
              <Td dataLabel={t('services.protocol')}>{service.protocol.toUpperCase()}</Td>
              <Td dataLabel={t('services.scheduler')}>{service.scheduler}</Td>
              <Td dataLabel={t('services.forwarding')}>{service.forwarding}</Td>
              <Td dataLabel={t('services.pool')}>{service.pool}</Td>
              <Td dataLabel={t('services.connections')} className="jeoul-number" modifier="nowrap">
                {maybe(rate(path, 'connections_total'), (value) => t('perSecond', { value: format.number(value) }))}
              </Td>
              <Td dataLabel={t('services.in')} className="jeoul-number" modifier="nowrap">
                {maybe(rate(path, 'bytes_in'), format.rate)}
              </Td>
              <Td dataLabel={t('services.out')} className="jeoul-number" modifier="nowrap">
                {maybe(rate(path, 'bytes_out'), format.rate)}
              </Td>
            </Tr>
          );
        })}
      </Tbody>
    </Table>
  );
}

function Ready({ enabled, ready, all }: { enabled: boolean; ready: number; all: number }) {
  const { t } = useTranslation();
  if (!enabled)
    return (
      <Label isCompact variant="outline">
        {t('state.disabled')}
      </Label>
    );
  return (
    <Label isCompact status={ready === 0 ? 'danger' : ready < all ? 'warning' : 'success'}>
      {t('services.ready', { ready, all })}
    </Label>
  );
}
