import { LinkButton } from '@backstage/core-components';
import Box from '@material-ui/core/Box';
import Typography from '@material-ui/core/Typography';

import type { Browser } from '../login/machine';

/** For a person who has nothing installed, in a browser that the extension is for. */
export function ExtensionSuggestion(props: {
  browser: Browser;
  address: string;
}) {
  const { browser, address } = props;
  return (
    <Box mb={2}>
      <Typography variant="subtitle1" component="h3">
        Nothing installed yet?
      </Typography>
      <Typography variant="body2" paragraph>
        In {browser}, the extension is the easiest way: it needs no terminal.
        Add it, let it work for this Backstage, and come back here.
      </Typography>
      <LinkButton
        to={address}
        target="_blank"
        rel="noopener"
        variant="contained"
        color="primary"
      >
        Get the extension
      </LinkButton>
    </Box>
  );
}
