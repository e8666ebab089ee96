import type { MemberStatus } from '../../api/queries';

/** Whether a member is given new connections now. */
export const takesTraffic = (status: MemberStatus | undefined): boolean =>
  status !== undefined &&
  status.administrative === 'enabled' &&
  (status.operational === 'up' || status.operational === 'degraded');
