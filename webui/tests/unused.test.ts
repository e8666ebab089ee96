import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UNUSED } from '../unused';

const files = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });

const imported = new Set(
  files('src')
    .filter((path) => path.endsWith('.tsx'))
    .flatMap((path) => [
      ...readFileSync(path, 'utf8').matchAll(/import \{([^}]*)\} from '@patternfly\/react-(core|table)'/g),
    ])
    .flatMap(([, names]) => (names ?? '').split(',').map((name) => name.trim())),
);

test.each(Object.entries(UNUSED))('%s is not needed by any page', (style, components) => {
  expect(existsSync(`node_modules/@patternfly/react-styles/css/components/${style}`)).toBe(true);
  const needs = (name: string) => components.some((component) => name.startsWith(component));
  expect([...imported].filter(needs)).toEqual([]);
});
