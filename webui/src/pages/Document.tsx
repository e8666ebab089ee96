import {
  Button,
  Card,
  CardBody,
  CardTitle,
  Content,
  FormGroup,
  PageSection,
  Spinner,
  Stack,
  StackItem,
  TextArea,
  TextInput,
} from '@patternfly/react-core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/client';
import { mayChange, putText, sessionQuery, type Text, textQuery } from '../api/queries';
import { Done } from '../parts/Done';
import { ErrorNote } from '../parts/ErrorNote';
import { Plan } from '../parts/Plan';
import { Title } from '../parts/Title';

/** What is being written outlives a look at another page; what is only read is read anew. */
const DRAFT = ['draft'];

export function DocumentPage() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const text = useQuery({ ...textQuery, enabled: queries.getQueryData(DRAFT) === undefined });
  const draft = queries.getQueryData<Text>(DRAFT) ?? text.data;
  return (
    <>
      <PageSection>
        <Title name={t('document.title')}>{t('document.title')}</Title>
        <Content component="p">{t('document.what')}</Content>
      </PageSection>
      <PageSection isFilled>
        {draft ? (
          <Editor read={draft} />
        ) : text.isError ? (
          <Stack hasGutter>
            <ErrorNote error={text.error} />
            <StackItem>
              <Button onClick={() => text.refetch()}>{t('again')}</Button>
            </StackItem>
          </Stack>
        ) : (
          <Spinner aria-label={t('loading')} />
        )}
      </PageSection>
    </>
  );
}

function Editor({ read }: { read: Text }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { data: session } = useQuery(sessionQuery);
  const [{ text, digest }, setDraft] = useState(read);
  const [comment, setComment] = useState('');
  const write = (next: Text) => {
    queries.setQueryDefaults(DRAFT, { gcTime: Number.POSITIVE_INFINITY });
    queries.setQueryData(DRAFT, next);
    setDraft(next);
  };
  const start = (fresh: Text) => {
    queries.removeQueries({ queryKey: DRAFT });
    setDraft(fresh);
  };
  const trial = useMutation({
    mutationFn: async () => ({ text, change: await putText(text, { dryRun: true, digest }) }),
  });
  const reload = useMutation({
    mutationFn: () => queries.fetchQuery(textQuery),
    onSuccess: (fresh) => {
      start(fresh);
      trial.reset();
      commit.reset();
    },
  });
  const commit = useMutation({
    mutationFn: () => putText(text, { dryRun: false, digest, comment }),
    onSuccess: async () => {
      setComment('');
      trial.reset();
      await Promise.all([
        queries.invalidateQueries({ queryKey: ['revisions'] }),
        queries.invalidateQueries({ queryKey: ['status'] }),
        // What the server stored is the text from now on: its spelling and its digest.
        queries.fetchQuery(textQuery).then(start),
      ]);
    },
  });
  const busy = trial.isPending || commit.isPending || reload.isPending;
  const error = commit.error ?? trial.error ?? reload.error;
  const plan = trial.data?.text === text && !error ? trial.data.change : undefined;
  const overtaken = error instanceof ApiError && error.status === 412;
  const changes = mayChange(session);
  return (
    <Stack hasGutter>
      <StackItem>
        <FormGroup label={t('document.text')} fieldId="text">
          <TextArea
            id="text"
            className="jeoul-text"
            value={text}
            onChange={(_, value) => write({ text: value, digest })}
            resizeOrientation="vertical"
            readOnlyVariant={changes ? undefined : 'default'}
            spellCheck={false}
            wrap="off"
          />
        </FormGroup>
      </StackItem>
      <StackItem>
        <div className="jeoul-bar">
          {changes && (
            <Button
              onClick={() => {
                commit.reset();
                trial.mutate();
              }}
              isLoading={trial.isPending}
              isDisabled={busy}
            >
              {t('document.try')}
            </Button>
          )}
          <Button variant="secondary" onClick={() => reload.mutate()} isLoading={reload.isPending} isDisabled={busy}>
            {t('document.reload')}
          </Button>
        </div>
      </StackItem>
      {error && (
        <StackItem>
          <ErrorNote error={error} />
          {overtaken && <Content component="p">{t('document.overtaken')}</Content>}
        </StackItem>
      )}
      {commit.data && (
        <StackItem>
          <Done change={commit.data} />
        </StackItem>
      )}
      {plan && (
        <StackItem>
          <Card>
            <CardTitle component="h2">{t('document.preview')}</CardTitle>
            <CardBody>
              <Stack hasGutter>
                <div role="status">
                  <Plan change={plan} />
                </div>
                <form
                  className="jeoul-bar"
                  onSubmit={(event) => {
                    event.preventDefault();
                    commit.mutate();
                  }}
                >
                  <div className="jeoul-grow">
                    <TextInput
                      id="comment"
                      aria-label={t('comment')}
                      placeholder={t('comment')}
                      value={comment}
                      maxLength={500}
                      onChange={(_, value) => setComment(value)}
                    />
                  </div>
                  <Button type="submit" isLoading={commit.isPending} isDisabled={busy || plan.changes.length === 0}>
                    {t('document.commit')}
                  </Button>
                </form>
              </Stack>
            </CardBody>
          </Card>
        </StackItem>
      )}
    </Stack>
  );
}
