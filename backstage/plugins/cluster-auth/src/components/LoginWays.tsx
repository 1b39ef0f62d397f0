import { configApiRef, useApi } from '@backstage/core-plugin-api';
import Box from '@material-ui/core/Box';
import Button from '@material-ui/core/Button';
import { useId, useMemo, useState } from 'react';

import { browserMemory } from '../login/BrowserMemory';
import type { LoginFlow } from '../login/LoginFlow';
import type { OpenLogin } from '../login/LoginState';
import { type RememberedWays, rememberedWays } from '../login/rememberedWays';
import {
  type HelperPlace,
  type LoginSettings,
  readLoginSettings,
} from '../login/settings';
import { CommandWay } from './CommandWay';
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
      commands={settings.commands}
      isFirst={!isHelperFirst}
      lastWay={ways.lastWay()}
      sessionToken={login.session.sessionToken}
      onCopied={kind => flow.commandCopied(kind)}
    />
  );
  const { handOver } = login;
  // A helper that does not answer is not the way.
  const isNeeded = handOver.to === 'helper' && handOver.quiet;
  return isHelperFirst ? (
    <>
      {helper}
      <OtherWay title="No helper is running? Use a command" isNeeded={isNeeded}>
        {command}
      </OtherWay>
    </>
  ) : (
    <>
      {command}
      <OtherWay title="A helper is running? Use it" isNeeded={false}>
        {helper}
      </OtherWay>
    </>
  );
}

/** What is known of this machine: whether a login came through a helper here. Without commands, there is no other way. */
function helperIsFirst(settings: LoginSettings, ways: RememberedWays) {
  return settings.commands.length === 0 || ways.lastWay() === 'helper';
}

/** Folded until it is asked for, or needed. */
function OtherWay(props: {
  title: string;
  isNeeded: boolean;
  children: JSX.Element;
}) {
  const { title, isNeeded, children } = props;
  const contentId = useId();
  const [choice, setChoice] = useState<boolean>();
  const isUnfolded = choice ?? isNeeded;
  return (
    <Box mt={2}>
      <Button
        size="small"
        aria-expanded={isUnfolded}
        aria-controls={contentId}
        onClick={() => setChoice(!isUnfolded)}
      >
        {title}
      </Button>
      <Box id={contentId} mt={1} hidden={!isUnfolded}>
        {isUnfolded && children}
      </Box>
    </Box>
  );
}
