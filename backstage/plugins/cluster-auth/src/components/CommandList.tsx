import { CopyTextButton } from '@backstage/core-components';
import { configApiRef, useApi } from '@backstage/core-plugin-api';
import Button from '@material-ui/core/Button';
import ButtonGroup from '@material-ui/core/ButtonGroup';
import Typography from '@material-ui/core/Typography';
import { makeStyles } from '@material-ui/core/styles';
import { useState } from 'react';

import { Command, Shell, commandLine, likelyShell } from '../login/commands';

const SHELLS: Record<Shell, string> = {
  sh: 'Linux, macOS',
  powershell: 'Windows PowerShell',
};

const useStyles = makeStyles(
  theme => ({
    shells: { margin: theme.spacing(1, 0) },
    row: { display: 'flex', alignItems: 'center', gap: theme.spacing(1) },
    code: {
      flex: 1,
      padding: theme.spacing(1),
      fontSize: theme.typography.body2.fontSize,
      overflowWrap: 'anywhere',
      border: `1px solid ${theme.palette.divider}`,
      borderRadius: theme.shape.borderRadius,
    },
  }),
  { name: 'ClusterAuthCommandList' },
);

/** Commands that finish the login if no helper runs. */
export function CommandList(props: {
  commands: Command[];
  sessionToken: string;
}) {
  const { commands, sessionToken } = props;
  const classes = useStyles();
  const config = useApi(configApiRef);
  const [shell, setShell] = useState(() => likelyShell(navigator.userAgent));
  // Backstage's address comes from the page, so that no answer can decide where a session token is sent.
  const backstageUrl = config.getString('backend.baseUrl').replace(/\/+$/, '');

  return (
    <>
      <Typography variant="subtitle1" component="h3">
        No helper is running? Paste one of these into a terminal.
      </Typography>
      <ButtonGroup
        className={classes.shells}
        size="small"
        aria-label="Your terminal"
      >
        {(Object.keys(SHELLS) as Shell[]).map(each => (
          <Button
            key={each}
            aria-pressed={each === shell}
            variant={each === shell ? 'contained' : 'outlined'}
            onClick={() => setShell(each)}
          >
            {SHELLS[each]}
          </Button>
        ))}
      </ButtonGroup>
      {commands
        .map(command => ({
          kind: command.kind,
          line: commandLine({ command, shell, backstageUrl, sessionToken }),
        }))
        .map(({ kind, line }) => (
          <div key={kind}>
            <Typography variant="subtitle2" component="h4">
              {kind}
            </Typography>
            <div className={classes.row}>
              <code className={classes.code}>{line}</code>
              <CopyTextButton
                text={line}
                tooltipText="Copied"
                aria-label={`Copy ${kind} command`}
              />
            </div>
          </div>
        ))}
    </>
  );
}
