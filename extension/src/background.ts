// Wires the parts to the browser's events.
import { browser } from './browser';
import { registerContent } from './content-script';

browser.runtime.onInstalled.addListener(() => void registerContent());
browser.runtime.onStartup.addListener(() => void registerContent());
browser.storage.onChanged.addListener(() => void registerContent());
browser.permissions.onAdded.addListener(() => void registerContent());
browser.permissions.onRemoved.addListener(() => void registerContent());
