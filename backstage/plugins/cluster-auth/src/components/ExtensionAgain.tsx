import Box from '@material-ui/core/Box';
import Button from '@material-ui/core/Button';

import { mayTryAgain } from '../login/extensionRefusals';
import type { LoginFlow } from '../login/LoginFlow';
import type { OpenLogin } from '../login/LoginState';

/** Hands the login to a browser extension that is there and was not used, or that refused what the person may have mended. */
export function ExtensionAgain(props: { login: OpenLogin; flow: LoginFlow }) {
  const { login, flow } = props;
  const { extension, refusal } = login;
  if (extension !== 'there' || (refusal && !mayTryAgain(refusal.code))) {
    return null;
  }
  return (
    <Box mt={2}>
      <Button
        size="small"
        color="primary"
        variant="outlined"
        onClick={() => flow.handOverToExtension()}
      >
        {refusal
          ? 'Try the browser extension again'
          : 'Use the browser extension'}
      </Button>
    </Box>
  );
}
