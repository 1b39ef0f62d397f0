import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { inRepository } from '../../dev/setup/repository.mjs';

const EXTENSION = inRepository('extension');

/** @type {Record<string, { message: string, description?: string, placeholders?: Record<string, { content: string, example?: string }> }>} */
const messages = JSON.parse(await readFile(join(EXTENSION, '_locales/en/messages.json'), 'utf8'));
const source = (await Promise.all((await sources()).map((path) => readFile(path, 'utf8')))).join('\n');

/** @returns {Promise<string[]>} */
async function sources() {
  const paths = [];
  for (const folder of ['src', 'manifest']) {
    for (const name of await readdir(join(EXTENSION, folder), { recursive: true })) {
      if (/\.(ts|json|html)$/.test(name) && !/\.test\.|testing\//.test(name)) {
        paths.push(join(EXTENSION, folder, name));
      }
    }
  }
  return paths;
}

/**
 * @param {string} file
 * @returns {Promise<string>} what its string literals say, those joined that are written in pieces
 */
async function words(file) {
  const text = await readFile(inRepository(file), 'utf8');
  return text.replace(/\\\n\s*/g, '').replace(/"\s*\n\s*"/g, '');
}

/** @param {string} text of a sentence, in which names stand */
const pieces = (text) => text.split(/\$[A-Z_]+\$/).filter((piece) => /\w/.test(piece));

describe('the sentences', () => {
  it('are all used, and all that are used are there', () => {
    const families = [...source.matchAll(/`([a-z_]+_)\$\{/g)].map(([, prefix = '']) => prefix);
    const isUsed = (/** @type {string} */ key) =>
      source.includes(`'${key}'`) || source.includes(`__MSG_${key}__`) || families.some((prefix) => key.startsWith(prefix));
    assert.deepEqual(Object.keys(messages).filter((key) => !isUsed(key)), []);
    // What the code uses is checked by the compiler; the manifests are not.
    const inManifests = [...source.matchAll(/__MSG_(\w+)__/g)].map(([, key = '']) => key);
    assert.deepEqual(inManifests.filter((key) => !messages[key]), []);
    assert.ok(inManifests.length >= 2 && families.length >= 1);
  });

  it('have a place and an example for each name that they hold', () => {
    for (const [key, { message, placeholders = {} }] of Object.entries(messages)) {
      const names = new Set([...message.matchAll(/\$([A-Z_]+)\$/g)].map(([, name = '']) => name.toLowerCase()));
      assert.deepEqual(Object.keys(placeholders).sort(), [...names].sort(), key);
      const contents = Object.values(placeholders).map(({ content }) => content);
      assert.deepEqual(contents.sort(), contents.map((_, index) => `$${index + 1}`), key);
      assert.ok(Object.values(placeholders).every(({ example }) => example), key);
    }
  });

  it('about a problem say what to do next', () => {
    const advice = /(?:^|[:,.;] (?:and )?)(begin|press|use|tell|check|compare|close|open|ask|finish|log in|enter|add|remove|allow)\b/i;
    const isProblem = (/** @type {string} */ key) =>
      /^(problem_|found_(nothing|other)|options_(bad|not_allowed|known|still)|popup_(permission|not_allowed|none|no_)|cluster_ended)/.test(key) &&
      !key.endsWith('_heading');
    const problems = Object.entries(messages).filter(([key]) => isProblem(key));
    assert.ok(problems.length > 20);
    assert.deepEqual(problems.filter(([, { message }]) => !advice.test(message)), []);
  });

  it('fit where a store and a browser show them', () => {
    assert.ok((messages['description']?.message.length ?? 999) <= 132);
    assert.ok((messages['name']?.message.length ?? 999) <= 45);
  });
});

describe('the sentences of an outcome', () => {
  it('are those of the helper', async () => {
    const helper = (await words('src/helper/web/pages.rs')) + (await words('src/helper/session/outcome.rs'));
    // The extension speaks of itself, has no page that reloads, no command that printed a link, and does not run in private windows.
    const own = /helper keeps trying|^gone_|^going_on|^declined|^delivering_body|^waiting_stay|^confirm_decline|^failed_heading/;
    const outcomes = Object.entries(messages).filter(([key]) =>
      /^(fact|confirm|denied|expired|connected|refused|waiting|wrong_state|malformed|nothing_changed|delivering|not_begun)_?|^problem_(access_denied|session_expired)$|^back_to/.test(key),
    );
    const compared = outcomes.filter(([key]) => !own.test(key));
    assert.ok(compared.length > 25);
    for (const [key, { message }] of compared) {
      for (const piece of pieces(message.replace('this extension', 'this helper'))) {
        for (const part of key === 'refused_another_account' ? piece.split('. ') : [piece]) {
          assert.ok(helper.includes(part.trim()), `${key}: "${part}" is not what the helper says`);
        }
      }
    }
    assert.doesNotMatch(JSON.stringify(messages), /private (browser )?window/);
  });

  it('about a login address are those of the helper', async () => {
    const helper = await words('src/helper/session/auth_url.rs');
    for (const [key, { message }] of Object.entries(messages)) {
      if (key.startsWith('login_address_') && key !== 'login_address_provider') {
        for (const piece of pieces(message.replace('this extension', 'this helper'))) {
          assert.ok(helper.includes(piece.trim()), `${key}: "${piece}" is not what the helper says`);
        }
      }
    }
  });

  it('about a cluster are those of the Backstage page', async () => {
    const page = await readFile(inRepository('backstage/plugins/cluster-auth/src/components/clusterSentence.ts'), 'utf8');
    const reasons = Object.entries(messages).filter(([key]) => key.startsWith('reason_'));
    assert.equal(reasons.length, 8);
    for (const [key, { message }] of reasons) {
      assert.ok(page.includes(message), `${key}: "${message}" is not what Backstage's page says`);
    }
  });
});
