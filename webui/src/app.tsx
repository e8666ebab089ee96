/** The pages, who may see them, and the way between them. The server answers every address of a page with index.html. */
import { Bullseye, Button, Spinner } from '@patternfly/react-core';
import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import { createRootRoute, createRoute, createRouter, Outlet, RouterProvider, redirect } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { onSignedOut } from './api/client';
import { sessionQuery } from './api/queries';
import { DocumentPage } from './pages/Document';
import { HistoryPage } from './pages/History';
import { OverviewPage } from './pages/Overview';
import { PasswordPage } from './pages/Password';
import { SignInPage } from './pages/SignIn';
import { ErrorNote } from './parts/ErrorNote';
import { Layout } from './parts/Layout';

function Door() {
  const { t } = useTranslation();
  const session = useQuery(sessionQuery);
  if (session.isPending)
    return (
      <Bullseye>
        <Spinner aria-label={t('loading')} />
      </Bullseye>
    );
  if (session.isError)
    return (
      <main className="jeoul-alone">
        <ErrorNote error={session.error} />
        <Button onClick={() => session.refetch()}>{t('again')}</Button>
      </main>
    );
  if (session.data === null) return <SignInPage />;
  if (session.data.must_change_password) return <PasswordPage />;
  return (
    <Layout session={session.data}>
      <Outlet />
    </Layout>
  );
}

const root = createRootRoute({ component: Door });
const routes = [
  createRoute({ getParentRoute: () => root, path: '/', component: OverviewPage }),
  createRoute({ getParentRoute: () => root, path: '/document', component: DocumentPage }),
  createRoute({ getParentRoute: () => root, path: '/history', component: HistoryPage }),
  createRoute({
    getParentRoute: () => root,
    path: '$',
    beforeLoad: () => {
      throw redirect({ to: '/' });
    },
  }),
] as const;

const makeRouter = () => createRouter({ routeTree: root.addChildren(routes) });

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}

function makeQueries(): QueryClient {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  onSignedOut(() => queries.setQueryData(sessionQuery.queryKey, null));
  return queries;
}

export function App() {
  const [queries] = useState(makeQueries);
  const [router] = useState(makeRouter);
  return (
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}
