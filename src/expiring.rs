//! Records that end by themselves: the one kind of map behind the TOTP attempts, the push guard and the registry.
//!
//! A record that is over is not there, swept or not. No task is kept for it: each call looks at a few buckets of another
//! shard and takes out what is over, so that memory follows the calls. Nothing is ever taken out to make room.

use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};

use hashbrown::HashTable;

use crate::clock::Instant;
use crate::sync::{Mutex, lock, try_lock};

/// A rehash of one shard holds up only the callers of that shard, and is short.
const SHARDS: usize = if cfg!(authsec_model) { 1 } else { 64 };

/// How many buckets a call looks at. At the fullest, three of four hold a record, so at most one in five records of a
/// map that is in steady use is over.
const STEP: usize = 8;

/// How many buckets of each shard are looked at where all are.
const TIDY: usize = 64;

/// Tables up to this many records are not worth shrinking.
const SMALL: usize = 16;

/// A record that knows whose it is and when it is over.
pub(crate) trait Entry {
    type Key: Hash + Eq + ?Sized;

    fn key(&self) -> &Self::Key;

    /// Lets go of a little of what the record does not need any more, each time before it is asked whether it is over.
    fn shed(&mut self, _at: Instant) {}

    /// Whether nothing needs this record any more. Asked under the lock of its shard.
    fn is_over(&self, at: Instant) -> bool;
}

/// Records by key, in shards. What is taken out is dropped under no lock.
pub(crate) struct Expiring<E> {
    shards: [Mutex<Shard<E>>; SHARDS],
    hasher: RandomState,
    /// How many records there are: a gauge, nothing is decided by it.
    len: AtomicUsize,
    /// The shard that is swept next.
    next: AtomicUsize,
}

struct Shard<E> {
    table: HashTable<E>,
    /// The bucket that is swept next.
    next: usize,
}

impl<E: Entry> Expiring<E> {
    pub(crate) fn new() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::new(Shard { table: HashTable::new(), next: 0 })),
            hasher: RandomState::new(),
            len: AtomicUsize::new(0),
            next: AtomicUsize::new(0),
        }
    }

    /// Looks at the record of a key under its shard's lock, after a little sweeping elsewhere. What `look` returns is all
    /// that leaves the lock, so what it takes out of the cell is dropped behind it.
    pub(crate) fn with<T>(&self, key: &E::Key, at: Instant, look: impl FnOnce(&mut Cell<'_, E>) -> T) -> T {
        self.sweep(at);
        self.with_unswept(key, at, look)
    }

    /// As [`with`](Self::with), for a caller that holds another lock, under which nothing else should be dropped.
    pub(crate) fn with_unswept<T>(
        &self,
        key: &E::Key,
        at: Instant,
        look: impl FnOnce(&mut Cell<'_, E>) -> T,
    ) -> T {
        let hash = self.hasher.hash_one(key);
        let mut shard = lock(self.shard(hash));
        let mut cell = Cell { map: self, table: &mut shard.table, hash, key };
        let is_over = cell.get_mut().is_some_and(|entry| is_over(entry, at));
        let over = if is_over { cell.remove() } else { None };
        let looked = look(&mut cell);
        drop(shard);
        drop(over);
        looked
    }

    /// How many records there are, those included that are over and not yet swept. Walks nothing.
    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// Sweeps a bounded part of every shard: all of a map of a few thousand records.
    pub(crate) fn tidy(&self, at: Instant) {
        if self.len() == 0 {
            return;
        }
        for shard in &self.shards {
            let mut shard = lock(shard);
            let over = shard.sweep(at, TIDY, self);
            drop(shard);
            drop(over);
        }
    }

    /// Visits every record, shard by shard: `under` runs under the shard's lock, `behind` with what it returned, under
    /// none, where wakers may run.
    pub(crate) fn for_each<T>(&self, mut under: impl FnMut(&E) -> T, mut behind: impl FnMut(T)) {
        for shard in &self.shards {
            let seen: Vec<T> = lock(shard).table.iter().map(&mut under).collect();
            seen.into_iter().for_each(&mut behind);
        }
    }

    /// Takes every record out, shard by shard, and hands it over under no lock. Gives the room back.
    pub(crate) fn drain(&self, mut behind: impl FnMut(E)) {
        for shard in &self.shards {
            let table = std::mem::take(&mut lock(shard).table);
            self.len.fetch_sub(table.len(), Ordering::Relaxed);
            table.into_iter().for_each(&mut behind);
        }
    }

    /// Looks at a few buckets of the next shard, unless somebody is using it.
    pub(crate) fn sweep(&self, at: Instant) {
        if self.len() == 0 {
            return;
        }
        let [first, ..] = &self.shards;
        let next = self.next.fetch_add(1, Ordering::Relaxed) % SHARDS;
        let Some(mut shard) = try_lock(self.shards.get(next).unwrap_or(first)) else { return };
        let over = shard.sweep(at, STEP, self);
        drop(shard);
        drop(over);
    }

    fn shard(&self, hash: u64) -> &Mutex<Shard<E>> {
        // Bits from the middle: the shard's own table goes by the lowest and the highest.
        let place = (hash >> 32) as usize % SHARDS;
        // The remainder is always a place of the array.
        let [first, ..] = &self.shards;
        self.shards.get(place).unwrap_or(first)
    }
}

impl<E: Entry> Shard<E> {
    /// Takes out what is over among the next so many buckets. The caller drops it when it has let go of the lock.
    fn sweep(&mut self, at: Instant, buckets: usize, map: &Expiring<E>) -> Vec<E> {
        let mut over = Vec::new();
        let all = self.table.num_buckets();
        for _ in 0..buckets.min(all) {
            if self.next >= all {
                self.next = 0;
            }
            if let Ok(mut entry) = self.table.get_bucket_entry(self.next)
                && is_over(entry.get_mut(), at)
            {
                over.push(entry.remove().0);
            }
            self.next = self.next.saturating_add(1);
        }
        map.len.fetch_sub(over.len(), Ordering::Relaxed);
        // A crowd that has left gives its room back.
        if !over.is_empty() && self.table.capacity() > SMALL && self.table.len() < self.table.capacity() / 4 {
            let room = self.table.len().saturating_mul(2);
            self.table.shrink_to(room, |entry| map.hasher.hash_one(entry.key()));
        }
        over
    }
}

fn is_over(entry: &mut impl Entry, at: Instant) -> bool {
    entry.shed(at);
    entry.is_over(at)
}

/// The place of one key.
pub(crate) struct Cell<'a, E: Entry> {
    map: &'a Expiring<E>,
    table: &'a mut HashTable<E>,
    hash: u64,
    key: &'a E::Key,
}

impl<E: Entry> Cell<'_, E> {
    pub(crate) fn get(&self) -> Option<&E> {
        self.table.find(self.hash, |entry| entry.key() == self.key)
    }

    pub(crate) fn get_mut(&mut self) -> Option<&mut E> {
        self.table.find_mut(self.hash, |entry| entry.key() == self.key)
    }

    /// The record, made if it is not there. Its key is this cell's.
    pub(crate) fn get_or_insert_with(&mut self, entry: impl FnOnce() -> E) -> &mut E {
        let (map, key) = (self.map, self.key);
        let rehash = |entry: &E| map.hasher.hash_one(entry.key());
        let same = |entry: &E| entry.key() == key;
        self.table
            .entry(self.hash, same, rehash)
            .or_insert_with(|| {
                map.len.fetch_add(1, Ordering::Relaxed);
                entry()
            })
            .into_mut()
    }

    /// Puts a record there, whose key is this cell's, and returns the one before: drop it under no lock.
    #[must_use = "it is dropped under the shard's lock"]
    pub(crate) fn insert(&mut self, entry: E) -> Option<E> {
        if let Some(known) = self.get_mut() {
            return Some(std::mem::replace(known, entry));
        }
        let _ = self.get_or_insert_with(|| entry);
        None
    }

    /// Takes the record out: drop it under no lock.
    #[must_use = "it is dropped under the shard's lock"]
    pub(crate) fn remove(&mut self) -> Option<E> {
        let key = self.key;
        let entry = self.table.find_entry(self.hash, |entry| entry.key() == key).ok()?;
        self.map.len.fetch_sub(1, Ordering::Relaxed);
        Some(entry.remove().0)
    }
}

#[cfg(all(test, authsec_model))]
mod model;
#[cfg(test)]
#[cfg(not(authsec_model))]
mod tests;
