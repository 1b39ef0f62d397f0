import { configApiRef, useApi } from '@backstage/core-plugin-api';
import Box from '@material-ui/core/Box';
import Button from '@material-ui/core/Button';
import Typography from '@material-ui/core/Typography';
import { makeStyles } from '@material-ui/core/styles';
import { useState } from 'react';

import { type Command, type Shell, commandLine } from '../login/commands';
import { easiestFirst, extensionAddress, firstStep } from '../login/firstStep';
import { browserOf, likelyShell, systemOf } from '../login/machine';
import type { RememberedWays } from '../login/rememberedWays';
import type { LoginSettings } from '../login/settings';
import { Choice } from './Choice';
import { FirstSteps } from './FirstSteps';
import { Folded } from './Folded';
import { MaskedCommand } from './MaskedCommand';
import { useCopy } from './useCopy';

const SHELLS: Record<Shell, string> = {
  sh: 'Linux, macOS',
  powershell: 'PowerShell',
  cmd: 'Command Prompt',
};

const KINDS: Record<Command['kind'], string> = {
  docker: 'Docker',
  binary: 'Installed program',
  npx: 'npx',
};

const NOTHING_YET = 'Nothing installed yet?';
const WHAT_IT_NEEDS = 'What the command needs';

const useStyles = makeStyles(
  theme => ({
    choices: {
      display: 'flex',
      flexWrap: 'wrap',
      gap: theme.spacing(1),
      marginTop: theme.spacing(1),
    },
  }),
  { name: 'ClusterAuthCommandWay' },
);

/** Logging in by a command that finishes the login. A person who never did it here reads first what the command needs. */
export function CommandWay(props: {
  settings: LoginSettings;
  ways: RememberedWays;
  isFirst: boolean;
  /** Whether the extension has answered: it is installed, and easier. */
  isExtensionThere: boolean;
  sessionToken: string;
  onCopied: (kind: Command['kind']) => void;
}) {
  const { settings, ways, isFirst, isExtensionThere, sessionToken, onCopied } =
    props;
  const { install } = settings;
  const classes = useStyles();
  const config = useApi(configApiRef);
  const [system] = useState(() => systemOf(navigator));
  const [browser] = useState(() => browserOf(navigator));
  const [shell, setShell] = useState(() => ways.shell() ?? likelyShell(system));
  const [commands] = useState(() =>
    easiestFirst(settings.commands, system, install),
  );
  const [lastWay] = useState(() => ways.lastWay());
  // The extension needs nothing of what a command needs.
  const isNew = !lastWay || lastWay === 'extension';
  const [command, setCommand] = useState(
    () => commands.find(({ kind }) => kind === lastWay) ?? commands[0],
  );
  const isSecond =
    isExtensionThere || extensionAddress(browser, install) !== undefined;
  const copy = useCopy();
  // Backstage's address comes from the page, so that no answer can decide where a session token is sent.
  const backstageUrl = config.getString('backend.baseUrl').replace(/\/+$/, '');
  const line = (token: string) =>
    commandLine({ command, shell, backstageUrl, sessionToken: token });
  const firstSteps = (
    <FirstSteps
      step={firstStep(command, {
        commands,
        shell,
        system,
        browser,
        install,
        isExtensionThere,
      })}
      guide={install.guide}
    />
  );

  return (
    <>
      {install.suggest && isNew && (
        <Box mb={2}>
          <Typography variant="subtitle1" component="h3">
            {isSecond ? WHAT_IT_NEEDS : NOTHING_YET}
          </Typography>
          {firstSteps}
        </Box>
      )}
      <Typography variant="subtitle1" component="h3">
        Paste this into a terminal on your machine.
      </Typography>
      <MaskedCommand
        line={line}
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
          onChoose={chosen => {
            setShell(chosen);
            ways.setShell(chosen);
          }}
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
      {install.suggest && !isNew && (
        <Folded title={isExtensionThere ? WHAT_IT_NEEDS : NOTHING_YET}>
          {firstSteps}
        </Folded>
      )}
    </>
  );
}
