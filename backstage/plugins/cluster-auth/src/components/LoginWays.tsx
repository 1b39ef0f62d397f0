import { configApiRef, useApi } from '@backstage/core-plugin-api';
import Typography from '@material-ui/core/Typography';
import { useMemo, useState } from 'react';

import { browserMemory } from '../login/BrowserMemory';
import { extensionAddress } from '../login/firstStep';
import type { LoginFlow } from '../login/LoginFlow';
import type { OpenLogin } from '../login/LoginState';
import { browserOf, systemOf } from '../login/machine';
import { type RememberedWays, rememberedWays } from '../login/rememberedWays';
import {
  type HelperPlace,
  type LoginSettings,
  readLoginSettings,
} from '../login/settings';
import { CommandWay } from './CommandWay';
import { ExtensionAgain } from './ExtensionAgain';
import { ExtensionSuggestion } from './ExtensionSuggestion';
import { Folded } from './Folded';
import { HelperWay } from './HelperWay';

/**
 * The ways to log in: the one that this person used last in this browser, and the other one folded. The extension needs no click: it
 * begins by itself if it is installed, and then both are folded.
 */
export function LoginWays(props: { login: OpenLogin; flow: LoginFlow }) {
  const { login, flow } = props;
  const { handOver, extension, progress } = login;
  if (progress === 'exchanging' || extension === 'expected') {
    return null;
  }
  return handOver.to === 'extension' ? (
    <Folded title="Take another way" isNeeded={handOver.quiet}>
      <OtherWays login={login} flow={flow} />
    </Folded>
  ) : (
    <>
      <ExtensionAgain login={login} flow={flow} />
      <OtherWays login={login} flow={flow} />
    </>
  );
}

/** The helper and the commands. */
function OtherWays(props: { login: OpenLogin; flow: LoginFlow }) {
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
  const [suggestion] = useState(() => suggestedExtension(settings, ways));
  const [place, setPlace] = useState(() => ways.helperPlace());
  const choosePlace = (chosen: HelperPlace) => {
    setPlace(chosen);
    ways.setHelperPlace(chosen);
  };

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
      isFirst={!isHelperFirst && !suggestion}
      isExtensionThere={login.extension === 'there'}
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
      {suggestion && login.extension !== 'there' ? (
        <>
          {suggestion}
          <Folded title="Use a command instead">{command}</Folded>
        </>
      ) : (
        command
      )}
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

/** For a person who has used nothing here, or an extension that is gone. */
function suggestedExtension({ install }: LoginSettings, ways: RememberedWays) {
  const lastWay = ways.lastWay();
  const browser = browserOf(navigator);
  const address = extensionAddress(browser, install);
  const isNew = !lastWay || lastWay === 'extension';
  return install.suggest && isNew && browser && address ? (
    <ExtensionSuggestion browser={browser} address={address} />
  ) : undefined;
}

/** What is known of this machine: whether a login came through a helper here. Without commands, there is no other way. */
function helperIsFirst(settings: LoginSettings, ways: RememberedWays) {
  return settings.commands.length === 0 || ways.lastWay() === 'helper';
}
