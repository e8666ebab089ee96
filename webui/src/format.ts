/** Numbers and times in the reader's language. */
import { useTranslation } from 'react-i18next';

const BITS = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'] as const;

export interface Format {
  /** Unix seconds as date and time. */
  time: (seconds: number) => string;
  number: (value: number) => string;
  /** Seconds as a latency. */
  latency: (seconds: number) => string;
  /** Bytes per second as bits per second. */
  rate: (bytesPerSecond: number) => string;
}

export function format(language: string): Format {
  const dates = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
  const numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  return {
    time: (seconds) => (seconds > 0 ? dates.format(new Date(seconds * 1000)) : '–'),
    number: (value) => numbers.format(value),
    latency: (seconds) => `${numbers.format(seconds * 1000)} ms`,
    rate: (bytesPerSecond) => {
      let value = bytesPerSecond * 8;
      let unit = 0;
      while (value >= 1000 && unit < BITS.length - 1) {
        value /= 1000;
        unit += 1;
      }
      return `${numbers.format(value)} ${BITS[unit]}`;
    },
  };
}

export function useFormat(): Format {
  const { i18n } = useTranslation();
  return format(i18n.language);
}

/** The first characters of a digest, as people compare them. */
export const short = (digest: string): string => digest.slice(0, 12);

export const endpoint = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** A value of a change or a row in one line; nothing is an empty word. */
export function value(thing: unknown): string {
  if (thing === null || thing === undefined) return '';
  return typeof thing === 'string' ? thing : JSON.stringify(thing);
}
