/**
 * @typedef {object} Mutation a mistake that the simulation has to notice
 * @property {string} name
 * @property {string} file
 * @property {string} right the text as it is, once in the file
 * @property {string} wrong what replaces it
 * @property {[string, string][]} [also] what else has to change with it
 */

/** @type {Mutation[]} */
export const MUTATIONS = [
  {
    name: 'no re-read under the lock',
    file: 'src/backend/tokens/refresh.rs',
    right: 'let turn = self.turn(key, seen).await;',
    wrong: 'let before = self.live(key).await?; let turn = self.turn(key, seen).await;',
    also: [
      ['self.under_lock(&lock, key, seen))', 'self.under_lock(&lock, key, seen, before))'],
      [
        'async fn under_lock(&self, lock: &Lock<\'_>, key: &LoginKey, seen: u64)',
        'async fn under_lock(&self, lock: &Lock<\'_>, key: &LoginKey, seen: u64, before: (Stored, LiveLogin))',
      ],
      ['let (stored, live) = self.live(key).await?;\n        if stored', 'let (stored, live) = before;\n        if stored'],
    ],
  },
  {
    name: 'unconditional write',
    file: 'src/store/lock.rs',
    right: 'self.store.swap_under(held, key, seen, value, ttl).await',
    wrong: 'let _ = (held, seen); self.store.put(key, value, ttl).await.map(|()| Swap::Done)',
  },
  {
    name: 'release without compare',
    file: 'src/store/lock.rs',
    right: 'self.store.release(&self.key, &self.owner).await',
    wrong: 'self.store.delete(&self.key).await',
  },
  {
    name: 'retry after an ambiguous time-out',
    file: 'src/backend/tokens/refresh.rs',
    right: 'match self.grant.refresh(&live, token).await {',
    wrong: `let mut outcome = self.grant.refresh(&live, token).await;
        if matches!(outcome, Err(GrantFailure::Ambiguous)) {
            outcome = self.grant.refresh(&live, token).await;
        }
        match outcome {`,
  },
  {
    name: 'no intent',
    file: 'src/backend/tokens/refresh.rs',
    right: 'let stored = self.intend(lock, key, &stored, &live, intending).await?;',
    wrong: 'let _ = intending;',
  },
  {
    name: 'the request sent however long ago the intent was written',
    file: 'src/backend/tokens/refresh.rs',
    right: 'if in_time.is_err() || self.clock.now() - asked_at >= self.limits.lock / 2 {',
    wrong: 'if in_time.is_err() || self.clock.now() < asked_at {',
  },
];
