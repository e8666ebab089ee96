import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import en from '../src/locales/en.json';
import ko from '../src/locales/ko.json';

const SRC = 'src';
const PLURAL = /_(zero|one|two|few|many|other)$/;

type Tree = { [name: string]: string | Tree };

function flat(tree: Tree, prefix = ''): Map<string, string> {
  return new Map(
    Object.entries(tree).flatMap(([name, value]) =>
      typeof value === 'string' ? [[prefix + name, value]] : [...flat(value, `${prefix}${name}.`)],
    ),
  );
}

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return files(path);
    return /\.tsx?$/.test(name) && !name.endsWith('.d.ts') ? [path] : [];
  });
}

const LANGUAGES = { en: flat(en), ko: flat(ko) };
const bare = (keys: Iterable<string>) => new Set([...keys].map((key) => key.replace(PLURAL, '')));
const KEYS = bare(LANGUAGES.en.keys());
const PLURALS = new Set(
  [...LANGUAGES.en.keys()].filter((key) => PLURAL.test(key)).map((key) => key.replace(PLURAL, '')),
);

const sources = files(SRC).map((path) =>
  ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX),
);

/** Every string in the sources, where a key may stand; a key is never put together from parts. */
const strings = new Set<string>();
/** What is given to t() as a literal. */
const asked = new Set<string>();
/** Words of people that stand in the page instead of in the locales. */
const bareWords: string[] = [];
const SHOWN = ['aria-label', 'title', 'label', 'placeholder', 'alt', 'screenReaderText'];

for (const source of sources) {
  const where = (node: ts.Node) =>
    `${source.fileName.slice(SRC.length)}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) strings.add(node.text);
    if (ts.isCallExpression(node) && node.expression.getText() === 't') {
      const [key] = node.arguments;
      if (key && ts.isStringLiteralLike(key)) asked.add(key.text);
    }
    if (ts.isJsxText(node) && /\p{L}{2}/u.test(node.text) && !['Jeoul'].includes(node.text.trim()))
      bareWords.push(`${where(node)} ${node.text.trim()}`);
    if (
      ts.isJsxAttribute(node) &&
      SHOWN.includes(node.name.getText()) &&
      node.initializer &&
      ts.isStringLiteral(node.initializer) &&
      node.initializer.text
    )
      bareWords.push(`${where(node)} ${node.initializer.text}`);
    ts.forEachChild(node, visit);
  };
  visit(source);
}

describe('locales', () => {
  test('every key that a page asks for exists', () => {
    expect([...asked].filter((key) => !KEYS.has(key))).toEqual([]);
  });
  test('every key is used by a page', () => {
    expect([...KEYS].filter((key) => !strings.has(key))).toEqual([]);
  });
  test('no page holds words of its own', () => {
    expect(bareWords).toEqual([]);
  });
  for (const [language, texts] of Object.entries(LANGUAGES)) {
    test(`${language} has every key, in every plural that it knows, and no other`, () => {
      const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
      const wanted = [...KEYS].flatMap((key) => (PLURALS.has(key) ? forms.map((form) => `${key}_${form}`) : [key]));
      expect([...texts.keys()].sort()).toEqual(wanted.sort());
    });
    test(`${language} has no empty text`, () => {
      expect([...texts].filter(([, text]) => text.trim() === '')).toEqual([]);
    });
  }
  test('the same values are filled in', () => {
    const holes = (text: string | undefined) =>
      [...(text ?? '').matchAll(/\{\{(\w+)\}\}/g)].map((found) => found[1]).sort();
    for (const [key, text] of LANGUAGES.ko) expect([key, holes(text)]).toEqual([key, holes(LANGUAGES.en.get(key))]);
  });
});
