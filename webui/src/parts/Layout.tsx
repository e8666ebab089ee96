import {
  Button,
  Masthead,
  MastheadBrand,
  MastheadContent,
  MastheadMain,
  MastheadToggle,
  Nav,
  NavItem,
  NavList,
  Page,
  PageSidebar,
  PageSidebarBody,
  PageToggleButton,
  SkipToContent,
} from '@patternfly/react-core';
import { BarsIcon } from '@patternfly/react-icons/dist/esm/icons/bars-icon';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useLocation } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask } from '../api/client';
import { type Session, sessionQuery } from '../api/queries';
import { Brand } from './Brand';
import { ErrorNote } from './ErrorNote';
import { Preferences } from './Preferences';

/** What stands around every page of a person who is signed in. */
export function Layout({ session, children }: { session: Session; children: ReactNode }) {
  const { t } = useTranslation();
  const { pathname } = useLocation();
  const signOut = useSignOut();
  const pages = [
    { to: '/', name: t('overview.title') },
    { to: '/document', name: t('document.title') },
    { to: '/history', name: t('history.title') },
  ] as const;
  return (
    <Page
      mainContainerId="main"
      mainTabIndex={-1}
      isManagedSidebar
      skipToContent={<SkipToContent href="#main">{t('skip')}</SkipToContent>}
      masthead={
        <Masthead>
          <MastheadMain>
            <MastheadToggle>
              <PageToggleButton aria-label={t('menu')} variant="plain">
                <BarsIcon />
              </PageToggleButton>
            </MastheadToggle>
            <MastheadBrand>
              <Brand />
            </MastheadBrand>
          </MastheadMain>
          <MastheadContent>
            <div className="jeoul-bar end jeoul-grow">
              <Preferences />
              <span>{session.user}</span>
              <Button variant="secondary" onClick={() => signOut.mutate()} isLoading={signOut.isPending}>
                {t('signOut')}
              </Button>
            </div>
          </MastheadContent>
        </Masthead>
      }
      sidebar={
        <PageSidebar>
          <PageSidebarBody>
            <Nav aria-label={t('pages')}>
              <NavList>
                {pages.map((page) => (
                  <NavItem key={page.to} isActive={pathname === page.to}>
                    <Link to={page.to}>{page.name}</Link>
                  </NavItem>
                ))}
              </NavList>
            </Nav>
          </PageSidebarBody>
        </PageSidebar>
      }
    >
      <ErrorNote error={signOut.error} />
      {children}
    </Page>
  );
}

export function useSignOut() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => ask(api.POST('/api/v1/logout')),
    onSuccess: () => {
      queries.setQueryData(sessionQuery.queryKey, null);
      // Nothing of this person is left for the next one at this browser.
      queries.removeQueries({ predicate: (query) => query.queryKey[0] !== sessionQuery.queryKey[0] });
    },
  });
}
