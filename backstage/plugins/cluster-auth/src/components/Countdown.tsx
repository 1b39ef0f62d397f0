import Typography from '@material-ui/core/Typography';
import { makeStyles } from '@material-ui/core/styles';
import { useEffect, useState } from 'react';

import { systemClock } from '../clock';

const useStyles = makeStyles(
  theme => ({ root: { flexGrow: 1, paddingLeft: theme.spacing(2) } }),
  { name: 'ClusterAuthCountdown' },
);

/** The remaining time of the login. Screen readers do not announce it each second. */
export function Countdown(props: { until: number }) {
  const classes = useStyles();
  const seconds = useSecondsUntil(props.until);
  return (
    <Typography className={classes.root} variant="body2" role="timer">
      {formatSeconds(seconds)} left
    </Typography>
  );
}

function useSecondsUntil(until: number): number {
  const [now, setNow] = useState(systemClock.now);
  useEffect(
    () => systemClock.after(1000, () => setNow(systemClock.now())),
    [now],
  );
  return Math.max(0, Math.round((until - now) / 1000));
}

function formatSeconds(seconds: number): string {
  const rest = String(seconds % 60).padStart(2, '0');
  return `${Math.floor(seconds / 60)}:${rest}`;
}
