import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** PatternFly's base style names fonts and pictures that no page of ours shows; what is not named is not shipped. */
function onlyWhatIsUsed(): Plugin {
  return {
    name: 'only-what-is-used',
    enforce: 'pre',
    transform(code, id) {
      if (!id.endsWith('/react-core/dist/styles/base.css')) return null;
      return code
        .replace(/@font-face\s*\{[^}]*\}/g, (face) => (/Italic|pficon/.test(face) ? '' : face))
        .replace(/url\("\.\/assets\/images\/[^"]*"\)/g, 'none');
    },
  };
}

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
  test: { environment: 'jsdom', include: ['tests/**/*.test.{ts,tsx}'] },
});
