import {
  configApiRef,
  storageApiRef,
  useApi,
} from '@backstage/core-plugin-api';
import Box from '@material-ui/core/Box';
import { useMemo, useState } from 'react';

import type { OpenLogin } from '../login/LoginState';
import { HelperPlace, readLoginSettings } from '../login/settings';
import { CommandList } from './CommandList';
import { HelperWay } from './HelperWay';

/** The ways to log in, the easiest first. The extension needs no click: it begins by itself if it is installed. */
export function LoginWays(props: {
  login: OpenLogin;
  onHelper: (helperUrl: string) => void;
}) {
  const { login, onHelper } = props;
  const config = useApi(configApiRef);
  const settings = useMemo(() => readLoginSettings(config), [config]);
  const [place, setPlace] = useHelperPlace();
  if (login.progress === 'exchanging') {
    return null;
  }
  return (
    <>
      <HelperWay
        helperUrls={settings.helperUrls}
        place={place}
        onPlace={setPlace}
        onUse={() => onHelper(settings.helperUrls[place])}
      />
      {settings.commands.length > 0 && (
        <Box mt={3}>
          <CommandList
            commands={settings.commands}
            sessionToken={login.session.sessionToken}
          />
        </Box>
      )}
    </>
  );
}

/** The choice is remembered. */
function useHelperPlace(): [HelperPlace, (place: HelperPlace) => void] {
  const bucket = useApi(storageApiRef).forBucket('cluster-auth');
  const [place, setPlace] = useState<HelperPlace>(() =>
    bucket.snapshot('helperPlace').value === 'container'
      ? 'container'
      : 'native',
  );
  const remember = (chosen: HelperPlace) => {
    setPlace(chosen);
    bucket.set('helperPlace', chosen);
  };
  return [place, remember];
}
