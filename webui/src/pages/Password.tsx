import {
  Alert,
  Button,
  Card,
  CardBody,
  Form,
  FormGroup,
  FormHelperText,
  HelperText,
  HelperTextItem,
  TextInput,
} from '@patternfly/react-core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api, ask } from '../api/client';
import { sessionQuery } from '../api/queries';
import { Brand } from '../parts/Brand';
import { ErrorNote } from '../parts/ErrorNote';
import { useSignOut } from '../parts/Layout';
import { Preferences } from '../parts/Preferences';
import { Title } from '../parts/Title';

/** After a one-time password: nothing else is allowed before one's own is chosen. */
export function PasswordPage() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const signOut = useSignOut();
  const [old, setOld] = useState('');
  const [next, setNext] = useState('');
  const [again, setAgain] = useState('');
  const differs = again !== '' && again !== next;
  const choose = useMutation({
    mutationFn: () => ask(api.PUT('/api/v1/users/me/password', { body: { old, new: next } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: sessionQuery.queryKey }),
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
              choose.mutate();
            }}
          >
            <Title name={t('password.title')}>{t('password.title')}</Title>
            <Alert variant="info" isInline isPlain component="h2" title={t('password.why')} />
            <ErrorNote error={choose.error} places={{ '/old': t('password.old'), '/new': t('password.new') }} />
            <FormGroup label={t('password.old')} fieldId="old" isRequired>
              <TextInput
                id="old"
                type="password"
                value={old}
                onChange={(_, value) => setOld(value)}
                autoComplete="current-password"
                isRequired
              />
            </FormGroup>
            <FormGroup label={t('password.new')} fieldId="new" isRequired>
              <TextInput
                id="new"
                type="password"
                value={next}
                onChange={(_, value) => setNext(value)}
                autoComplete="new-password"
                isRequired
              />
            </FormGroup>
            <FormGroup label={t('password.again')} fieldId="again" isRequired>
              <TextInput
                id="again"
                type="password"
                value={again}
                onChange={(_, value) => setAgain(value)}
                autoComplete="new-password"
                validated={differs ? 'error' : 'default'}
                aria-describedby={differs ? 'again-help' : undefined}
                isRequired
              />
              {differs && (
                <FormHelperText>
                  <HelperText id="again-help" isLiveRegion>
                    <HelperTextItem variant="error">{t('password.differs')}</HelperTextItem>
                  </HelperText>
                </FormHelperText>
              )}
            </FormGroup>
            <Button
              type="submit"
              isBlock
              isLoading={choose.isPending}
              isDisabled={choose.isPending || !old || !next || again !== next}
            >
              {t('password.do')}
            </Button>
            <Button variant="link" onClick={() => signOut.mutate()}>
              {t('signOut')}
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
