/** Light or dark: what the person chose, else what the system says. */
import { useSyncExternalStore } from 'react';

const KEPT = 'jeoul.theme';
const DARK = 'pf-v6-theme-dark';
const listeners = new Set<() => void>();

export function isDark(): boolean {
  return document.documentElement.classList.contains(DARK);
}

function show(dark: boolean): void {
  document.documentElement.classList.toggle(DARK, dark);
  for (const listener of listeners) listener();
}

export function setDark(dark: boolean): void {
  localStorage.setItem(KEPT, dark ? 'dark' : 'light');
  show(dark);
}

export function startTheme(): void {
  const system = window.matchMedia('(prefers-color-scheme: dark)');
  const kept = () => localStorage.getItem(KEPT);
  show(kept() === 'dark' || (kept() === null && system.matches));
  system.addEventListener('change', () => {
    if (kept() === null) show(system.matches);
  });
}

export function useDark(): boolean {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, isDark);
}
