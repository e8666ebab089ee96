import { Title as Heading } from '@patternfly/react-core';
import { type ReactNode, useEffect, useRef } from 'react';

let first = true;

/** The page's one h1; a new page says its name in the window title and takes the keyboard there. */
export function Title({ children, name }: { children: ReactNode; name: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${name} · Jeoul`;
  }, [name]);
  useEffect(() => {
    if (!first) heading.current?.focus();
    first = false;
  }, []);
  return (
    <Heading headingLevel="h1" size="2xl" tabIndex={-1} ref={heading}>
      {children}
    </Heading>
  );
}
