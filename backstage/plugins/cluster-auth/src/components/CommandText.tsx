import { makeStyles } from '@material-ui/core/styles';
import type { ClipboardEventHandler, ReactNode } from 'react';

const useStyles = makeStyles(
  theme => ({
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
  { name: 'ClusterAuthCommandText' },
);

/** A command to paste into a terminal. */
export function CommandText(props: {
  onCopy?: ClipboardEventHandler;
  children: ReactNode;
}) {
  const { onCopy, children } = props;
  const classes = useStyles();
  return (
    <code className={classes.code} onCopy={onCopy}>
      {children}
    </code>
  );
}
