import { Button, Card, CardBody, Form, FormGroup, TextInput } from '@patternfly/react-core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask } from '../api/client';
import { sessionQuery } from '../api/queries';
import { Brand } from '../parts/Brand';
import { ErrorNote } from '../parts/ErrorNote';
import { Preferences } from '../parts/Preferences';
import { Title } from '../parts/Title';

export function SignInPage() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const signIn = useMutation({
    mutationFn: (body: { user: string; password: string }) => ask(api.POST('/api/v1/login', { body })),
    onSuccess: (session) => queries.setQueryData(sessionQuery.queryKey, session),
    onError: () => setPassword(''),
  });
  return (
    <main className="jeoul-alone">
      <div className="jeoul-bar">
        <Brand />
      </div>
      <Card>
        <CardBody>
          <Form
            onSubmit={(event) => {
              event.preventDefault();
              // From the fields: a password manager may fill them without telling anybody.
              const fields = new FormData(event.currentTarget);
              signIn.mutate({ user: String(fields.get('user')), password: String(fields.get('password')) });
            }}
          >
            <Title name={t('signIn.title')}>{t('signIn.title')}</Title>
            <ErrorNote error={signIn.error} />
            <FormGroup label={t('signIn.user')} fieldId="user" isRequired>
              <TextInput
                id="user"
                name="user"
                value={user}
                onChange={(_, value) => setUser(value)}
                autoComplete="username"
                autoCapitalize="none"
                isRequired
              />
            </FormGroup>
            <FormGroup label={t('signIn.password')} fieldId="password" isRequired>
              <TextInput
                id="password"
                name="password"
                type="password"
                value={password}
                onChange={(_, value) => setPassword(value)}
                autoComplete="current-password"
                isRequired
              />
            </FormGroup>
            <Button type="submit" isBlock isLoading={signIn.isPending} isDisabled={signIn.isPending}>
              {t('signIn.do')}
            </Button>
          </Form>
        </CardBody>
      </Card>
      <div className="jeoul-bar">
        <Preferences />
      </div>
    </main>
  );
}
