import { configApiRef, useApi } from '@backstage/core-plugin-api';
import Typography from '@material-ui/core/Typography';
import { useMemo, useState } from 'react';

import { browserMemory } from '../login/BrowserMemory';
import type { LoginFlow } from '../login/LoginFlow';
import type { OpenLogin } from '../login/LoginState';
import { systemOf } from '../login/machine';
import { type RememberedWays, rememberedWays } from '../login/rememberedWays';
import {
  type HelperPlace,
  type LoginSettings,
  readLoginSettings,
} from '../login/settings';
import { CommandWay } from './CommandWay';
import { Folded } from './Folded';
import { HelperWay } from './HelperWay';

/**
 * The ways to log in: the one that this person used last in this browser, and the other one folded. The extension needs no click: it
 * begins by itself if it is installed.
 */
export function LoginWays(props: { login: OpenLogin; flow: LoginFlow }) {
  const { login, flow } = props;
  const config = useApi(configApiRef);
  const settings = useMemo(() => readLoginSettings(config), [config]);
  const ways = useMemo(() => rememberedWays(browserMemory, config), [config]);
  const [isHelperFirst] = useState(() => helperIsFirst(settings, ways));
  const [isOnHandheld] = useState(
    () =>
      settings.install.suggest &&
      !ways.lastWay() &&
      systemOf(navigator) === 'handheld',
  );
  const [place, setPlace] = useState(() => ways.helperPlace());
  const choosePlace = (chosen: HelperPlace) => {
    setPlace(chosen);
    ways.setHelperPlace(chosen);
  };
  if (login.progress === 'exchanging') {
    return null;
  }

  const helper = (
    <HelperWay
      helperUrls={settings.helperUrls}
      isFirst={isHelperFirst}
      place={place}
      onPlace={choosePlace}
      onUse={() => flow.handOverToHelper(settings.helperUrls[place])}
    />
  );
  if (settings.commands.length === 0) {
    return helper;
  }
  const command = (
    <CommandWay
      settings={settings}
      ways={ways}
      isFirst={!isHelperFirst}
      sessionToken={login.session.sessionToken}
      onCopied={kind => flow.commandCopied(kind)}
    />
  );
  const { handOver } = login;
  // A helper that does not answer is not the way.
  const isNeeded = handOver.to === 'helper' && handOver.quiet;
  if (isHelperFirst) {
    return (
      <>
        {helper}
        <Folded title="No helper is running? Use a command" isNeeded={isNeeded}>
          {command}
        </Folded>
      </>
    );
  }
  const both = (
    <>
      {command}
      <Folded title="A helper is running? Use it">{helper}</Folded>
    </>
  );
  return isOnHandheld ? (
    <>
      <Typography>
        A phone or a tablet cannot run the helper: open Backstage on a computer.
      </Typography>
      <Folded title="Log in from here all the same">{both}</Folded>
    </>
  ) : (
    both
  );
}

/** What is known of this machine: whether a login came through a helper here. Without commands, there is no other way. */
function helperIsFirst(settings: LoginSettings, ways: RememberedWays) {
  return settings.commands.length === 0 || ways.lastWay() === 'helper';
}
