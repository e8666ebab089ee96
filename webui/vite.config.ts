import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { onlyWhatIsUsed } from './unused';

export default defineConfig({
  plugins: [onlyWhatIsUsed(), react()],
  build: {
    sourcemap: false,
    // Data addresses in scripts or styles would need a wider Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1000,
  },
  server: { proxy: { '/api': { target: process.env.JEOUL_API ?? 'https://127.0.0.1:8443', secure: false } } },
  test: {
    include: ['tests/**/*.test.{ts,tsx}'],
    // PatternFly's scripts name their styles, which node itself cannot read.
    server: { deps: { inline: [/@patternfly/] } },
    css: false,
    testTimeout: 60_000,
  },
});
