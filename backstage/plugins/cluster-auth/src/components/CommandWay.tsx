import { configApiRef, errorApiRef, useApi } from '@backstage/core-plugin-api';
import Button from '@material-ui/core/Button';
import ButtonGroup from '@material-ui/core/ButtonGroup';
import Typography from '@material-ui/core/Typography';
import { makeStyles } from '@material-ui/core/styles';
import { type ClipboardEvent, useEffect, useState } from 'react';
import useCopyToClipboard from 'react-use/esm/useCopyToClipboard';

import { Command, Shell, commandLine, likelyShell } from '../login/commands';
import type { Way } from '../login/rememberedWays';

const SHELLS: Record<Shell, string> = {
  sh: 'Linux, macOS',
  powershell: 'Windows PowerShell',
};

const KINDS: Record<Command['kind'], string> = {
  docker: 'Docker',
  binary: 'Installed program',
  npx: 'npx',
};

/** Shown in the place of the session token, which anyone who sees the screen could use. */
const DOTS = '••••••••';

const useStyles = makeStyles(
  theme => ({
    choices: {
      display: 'flex',
      flexWrap: 'wrap',
      gap: theme.spacing(1),
      marginTop: theme.spacing(1),
    },
    code: {
      display: 'block',
      margin: theme.spacing(1, 0),
      padding: theme.spacing(1),
      fontSize: theme.typography.body2.fontSize,
      overflowWrap: 'anywhere',
      border: `1px solid ${theme.palette.divider}`,
      borderRadius: theme.shape.borderRadius,
    },
  }),
  { name: 'ClusterAuthCommandWay' },
);

/** Logging in by a command that finishes the login. */
export function CommandWay(props: {
  commands: Command[];
  isFirst: boolean;
  lastWay?: Way;
  sessionToken: string;
  onCopied: (kind: Command['kind']) => void;
}) {
  const { commands, isFirst, lastWay, sessionToken, onCopied } = props;
  const classes = useStyles();
  const config = useApi(configApiRef);
  const [shell, setShell] = useState(() => likelyShell(navigator.userAgent));
  const [command, setCommand] = useState(
    () => commands.find(({ kind }) => kind === lastWay) ?? commands[0],
  );
  const copy = useCopy();
  // Backstage's address comes from the page, so that no answer can decide where a session token is sent.
  const backstageUrl = config.getString('backend.baseUrl').replace(/\/+$/, '');
  const line = (token: string) =>
    commandLine({ command, shell, backstageUrl, sessionToken: token });

  return (
    <>
      <Typography variant="subtitle1" component="h3">
        Paste this into a terminal on your machine.
      </Typography>
      <MaskedCommand
        className={classes.code}
        line={line(DOTS)}
        sessionToken={sessionToken}
        onCopied={() => onCopied(command.kind)}
      />
      <Button
        variant={isFirst ? 'contained' : 'outlined'}
        color="primary"
        aria-label={`Copy ${command.kind} command`}
        onClick={() => {
          copy(line(sessionToken));
          onCopied(command.kind);
        }}
      >
        Copy
      </Button>
      <div className={classes.choices}>
        <Choice
          title="Your terminal"
          choices={Object.keys(SHELLS) as Shell[]}
          names={SHELLS}
          chosen={shell}
          onChoose={setShell}
        />
        {commands.length > 1 && (
          <Choice
            title="What runs the helper"
            choices={commands.map(({ kind }) => kind)}
            names={KINDS}
            chosen={command.kind}
            onChoose={chosen =>
              setCommand(
                last => commands.find(({ kind }) => kind === chosen) ?? last,
              )
            }
          />
        )}
      </div>
    </>
  );
}

function useCopy(): (text: string) => void {
  const errorApi = useApi(errorApiRef);
  const [{ error }, copy] = useCopyToClipboard();
  useEffect(() => {
    if (error) {
      errorApi.post(error);
    }
  }, [error, errorApi]);
  return copy;
}

/** A command with dots for the session token. What is selected and copied from it has the token. */
function MaskedCommand(props: {
  className: string;
  line: string;
  sessionToken: string;
  onCopied: () => void;
}) {
  const { className, line, sessionToken, onCopied } = props;
  const [before, after] = line.split(DOTS);
  const copyWhole = (event: ClipboardEvent) => {
    const selected = String(window.getSelection());
    event.clipboardData.setData(
      'text/plain',
      selected.replace(DOTS, sessionToken),
    );
    event.preventDefault();
    onCopied();
  };
  return (
    <code className={className} onCopy={copyWhole}>
      {before}
      <span role="img" aria-label="hidden session token">
        {DOTS}
      </span>
      {after}
    </code>
  );
}

function Choice<T extends string>(props: {
  title: string;
  choices: T[];
  names: Record<T, string>;
  chosen: T;
  onChoose: (choice: T) => void;
}) {
  const { title, choices, names, chosen, onChoose } = props;
  return (
    <ButtonGroup size="small" aria-label={title}>
      {choices.map(each => (
        <Button
          key={each}
          aria-pressed={each === chosen}
          variant={each === chosen ? 'contained' : 'outlined'}
          onClick={() => onChoose(each)}
        >
          {names[each]}
        </Button>
      ))}
    </ButtonGroup>
  );
}
