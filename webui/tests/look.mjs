/**
 * Go through every page in Debian's Chromium, in both languages, light and dark; take pictures, and end with 1 when
 * the browser refused something, a script failed, or axe finds anything serious.
 *
 *   node tests/look.mjs http://localhost:8080 ONE-TIME-PASSWORD document.yaml pictures/
 *
 * Beside tests/serve.py; playwright-core and axe-core must be found by node (they are not part of the build).
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [base, first, file, folder] = process.argv.slice(2);
const load = createRequire(join(process.cwd(), 'x'));
const { chromium } = load('playwright-core');
const axe = readFileSync(load.resolve('axe-core/axe.min.js'), 'utf8');
const PASSWORD = 'four words of mine';
const document = readFileSync(file, 'utf8');
mkdirSync(folder, { recursive: true });

const faults = [];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const context = await browser.newContext({ viewport: { width: 1280, height: 1700 }, locale: 'en-US', ignoreHTTPSErrors: true });
const page = await context.newPage();
page.setDefaultTimeout(20_000);
// A refused request (401, 422) is a line in the console of every browser, and no fault.
page.on('console', (line) => {
  if (line.type() === 'error' && !/Failed to load resource/.test(line.text())) faults.push(`console: ${line.text()}`);
});
page.on('pageerror', (error) => faults.push(`script: ${error.message}`));
page.on('requestfailed', (request) => {
  if (!/ERR_ABORTED/.test(request.failure()?.errorText ?? '')) faults.push(`request: ${request.url()} ${request.failure()?.errorText}`);
});

let number = 0;
async function look(name) {
  await page.waitForTimeout(600);
  number += 1;
  await page.screenshot({ path: join(folder, `${String(number).padStart(2, '0')}-${name}.png`), fullPage: true });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  for (const { id, impact, nodes } of violations) {
    const line = `axe: ${name}: ${impact} ${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`;
    if (impact === 'serious' || impact === 'critical' || id === 'page-has-heading-one') faults.push(line);
    else console.log(line);
  }
  const headings = await page.locator('h1').count();
  if (headings !== 1) faults.push(`${name}: ${headings} h1`);
  const wide = await page.evaluate(() => window.document.documentElement.scrollWidth - window.innerWidth);
  if (wide > 0) faults.push(`${name}: ${wide} px wider than the window`);
}
const button = (name) => page.getByRole('button', { name, exact: true });

await page.goto(base);
await look('sign-in');
await page.getByLabel('User').fill('admin');
await page.getByLabel('Password').fill('wrong');
await page.keyboard.press('Enter');
await page.getByText('User or password is wrong.').waitFor();
await look('sign-in-wrong');
await page.getByLabel('Password').fill(first);
await page.keyboard.press('Enter');
await page.getByRole('heading', { name: 'Choose your password' }).waitFor();
await page.getByLabel('One-time password').fill(first);
await page.locator('#new').fill('short');
await page.locator('#again').fill('short');
await page.keyboard.press('Enter');
await page.getByText('is shorter than').waitFor();
await look('password-refused');
await page.locator('#new').fill(PASSWORD);
await page.locator('#again').fill(PASSWORD);
await page.keyboard.press('Enter');
await page.getByText('There are no virtual services yet.').waitFor();
await look('overview-empty');

await page.getByRole('link', { name: 'Document' }).click();
const text = page.getByLabel('Document (YAML)');
await text.fill(document.replace('port: 80, protocol', 'port: 99999, protocol').replace('pool: web', 'pool: wob'));
await button('Check and preview').click();
await page.getByText('The document has').waitFor();
await look('document-problems');
await text.fill(document);
await button('Check and preview').click();
await page.getByRole('heading', { name: 'What would happen' }).waitFor();
await look('document-preview');
await page.getByLabel('Comment').fill('first service');
await button('Commit').click();
await page.getByText('is committed').waitFor();
await look('document-done');
await text.fill((await text.inputValue()).replace('weight: 2', 'weight: 5'));
await button('Check and preview').click();
await page.getByLabel('Comment').fill('s2 takes more');
await button('Commit').click();
await page.getByText('Revision 3 is committed').waitFor();

await page.getByRole('link', { name: 'Overview' }).click();
await page.getByText('Mbit/s').first().waitFor();
await look('overview');
// By keyboard: past the menu, into a dialog and out of it again.
const focused = () => page.evaluate(() => window.document.activeElement?.id || window.document.activeElement?.ariaLabel);
const expect = (what, is, should) => is === should || faults.push(`${what}: the focus is on ${is}, not ${should}`);
await page.goto(base);
await page.getByText('Mbit/s').first().waitFor();
await page.keyboard.press('Tab');
await page.keyboard.press('Enter');
expect('skip to content', await focused(), 'main');
await button('Drain s1 of pool web').focus();
await page.keyboard.press('Enter');
await page.getByRole('dialog').waitFor();
await look('drain');
await page.keyboard.press('Escape');
await page.getByRole('dialog').waitFor({ state: 'hidden' });
expect('after Escape', await focused(), 'Drain s1 of pool web');
await page.keyboard.press('Enter');
await page.getByRole('dialog').waitFor();
await button('Drain').click();
await page.getByText('Draining').waitFor();
await look('overview-draining');

await page.getByRole('link', { name: 'History' }).click();
await button('Changes of revision 3').click();
await page.getByRole('heading', { name: 'Differences between' }).waitFor();
await look('history');
await button('Roll back to revision 2').click();
await page.getByText('1 difference').waitFor();
await look('roll-back');
await button('Roll back').click();
await page.getByText('Revision 4 is committed').waitFor();

await button('Dark').click();
await look('history-dark');
await button('한국어').click();
await page.getByRole('heading', { name: '이력' }).waitFor();
await look('history-korean-dark');
await page.getByRole('link', { name: '개요' }).click();
await page.getByText('Mbit/s').first().waitFor();
await look('overview-korean-dark');
await button('밝게').click();
await look('overview-korean');
await page.getByRole('link', { name: '문서' }).click();
await button('검사 및 미리 보기').click();
await page.getByRole('heading', { name: '바뀌는 내용' }).waitFor();
await look('document-korean');
await page.setViewportSize({ width: 420, height: 800 });
await page.goto(base);
await page.getByText('Mbit/s').first().waitFor();
await look('overview-narrow');
await page.goto(`${base}/history`);
await page.getByRole('heading', { name: '이력' }).waitFor();
await look('history-narrow');
await page.setViewportSize({ width: 1280, height: 1700 });
await button('로그아웃').click();
await page.getByRole('heading', { name: '로그인' }).waitFor();
await look('sign-in-korean');
await page.reload();
await page.getByRole('heading', { name: '로그인' }).waitFor();

await browser.close();
for (const fault of new Set(faults)) console.log(`FAULT ${fault}`);
console.log(`${number} pictures in ${folder}, ${new Set(faults).size} faults`);
process.exit(faults.length > 0 ? 1 : 0);
