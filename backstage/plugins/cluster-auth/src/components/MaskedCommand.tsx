import type { ClipboardEvent } from 'react';

import { CommandText } from './CommandText';

/** Shown in the place of the session token, which anyone who sees the screen could use. */
const DOTS = '••••••••';

/** A command with dots for the session token. What is selected and copied from it has the token. */
export function MaskedCommand(props: {
  line: (sessionToken: string) => string;
  sessionToken: string;
  onCopied: () => void;
}) {
  const { line, sessionToken, onCopied } = props;
  const masked = line(DOTS);
  const [before, after] = masked.split(DOTS);
  const copyWhole = (event: ClipboardEvent) => {
    const selected = String(window.getSelection());
    // What is shown, and so what is selected, lacks the space at the beginning.
    const isAll = selected.trim() === masked.trim();
    const text = isAll ? masked : selected;
    event.clipboardData.setData('text/plain', text.replace(DOTS, sessionToken));
    event.preventDefault();
    onCopied();
  };
  return (
    <CommandText onCopy={copyWhole}>
      {before}
      <span role="img" aria-label="hidden session token">
        {DOTS}
      </span>
      {after}
    </CommandText>
  );
}
