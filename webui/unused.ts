/**
 * PatternFly's components pull in one another's styles, and its base style names fonts, pictures and themes that no
 * page of ours shows. What is listed here is not shipped; tests/unused.test.ts fails when a page begins to use it.
 */
import type { Plugin } from 'vite';

/** Stylesheet of react-styles -> the components that need it. */
export const UNUSED: Readonly<Record<string, readonly string[]>> = {
  'Alert/alert-group.css': ['AlertGroup'],
  'Badge/badge.css': ['Badge', 'NotificationBadge'],
  'Breadcrumb/breadcrumb.css': ['Breadcrumb'],
  'Check/check.css': ['Checkbox'],
  'Divider/divider.css': ['Divider'],
  'Drawer/drawer.css': ['Drawer'],
  'InlineEdit/inline-edit.css': ['InlineEdit'],
  'Label/label-group.css': ['LabelGroup'],
  'Menu/menu.css': ['Menu', 'Select', 'Dropdown', 'ActionsColumn'],
  'MenuToggle/menu-toggle.css': ['MenuToggle', 'Select', 'Dropdown', 'ActionsColumn'],
  'Panel/panel.css': ['Panel'],
  'Popover/popover.css': ['Popover'],
  'Radio/radio.css': ['Radio'],
  'Table/inline-edit.css': ['EditableTextCell', 'EditableSelectInputCell'],
  'Table/table-scrollable.css': ['OuterScrollContainer', 'InnerScrollContainer'],
  'Table/table-tree-view.css': ['TreeRowWrapper'],
};

/** Leave out what no page shows. */
export function onlyWhatIsUsed(): Plugin {
  return {
    name: 'only-what-is-used',
    enforce: 'pre',
    transform(code, id) {
      const component = /\/react-styles\/css\/components\/(.+\.css)$/.exec(id)?.[1];
      if (component !== undefined && component in UNUSED) return '';
      // The page is never written from right to left.
      if (component !== undefined)
        return code.replace(/^ *:where\(\.pf-v6-m-dir-rtl, \[dir=rtl\]\)[^{}]*\{[^{}]*\}/gm, '');
      if (!id.endsWith('/react-core/dist/styles/base.css')) return null;
      return code
        .replace(/@font-face\s*\{[^}]*\}/g, (face) => (/Italic|pficon/.test(face) ? '' : face))
        .replace(/^(\.pf-v6-pficon-[^{]*|:root:where\(\.pf-v6-theme-(felt|glass|high-contrast)[^{]*)\{[^}]*\}/gm, '')
        .replace(/url\("\.\/assets\/images\/[^"]*"\)/g, 'none');
    },
  };
}
