//! Runs the tasks of a schedule: chance says which task is next, which stands still and which dies.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::task::noop_waker_ref;
use time::OffsetDateTime;

use super::world::World;

/// More than any schedule needs.
const MOST_POLLS: u32 = 20_000;
/// Longer than the lock lives: at least so many seconds, and up to so many more.
const STALL: (u64, u64) = (16, 25);

/// A task of a replica; `None` once it is done or dead.
pub struct Task<'a> {
    /// Which replica it runs on.
    pub replica: u64,
    /// When it can go on.
    pub ready_at: OffsetDateTime,
    /// What it does.
    pub work: Option<Pin<Box<dyn Future<Output = ()> + 'a>>>,
}

/// Runs all tasks to their end. `false` when they do not come to one.
pub fn run(world: &World, tasks: &mut [Task<'_>]) -> bool {
    let (kill_at, stall_at) = (kill_point(world), stall_point(world));
    let mut killed = false;
    for poll in 0..MOST_POLLS {
        let Some(index) = next(world, tasks) else { return true };
        step(world, tasks, index);
        if stall_at.map_or_else(|| often(world), |at| at == poll) {
            stall(world, &mut tasks[index]);
        }
        if !killed && kill_at == Some(poll) {
            killed = true;
            kill(world, tasks, index);
        }
    }
    false
}

fn kill_point(world: &World) -> Option<u32> {
    let mut inner = world.lock();
    inner.troubles.kills.then(|| u32::try_from(inner.below(120)).unwrap())
}

/// Where the one stall of a schedule comes in which trouble is seldom.
fn stall_point(world: &World) -> Option<u32> {
    let mut inner = world.lock();
    inner.troubles.seldom.then(|| u32::try_from(inner.below(120)).unwrap())
}

fn often(world: &World) -> bool {
    world.lock().once_in(60)
}

fn stall(world: &World, task: &mut Task<'_>) {
    let mut inner = world.lock();
    if inner.troubles.stalls && task.work.is_some() {
        inner.tell("stands still");
        inner.trouble();
        let seconds = STALL.0 + inner.below(STALL.1);
        task.ready_at = inner.now + Duration::from_secs(seconds);
    }
}

/// One of the tasks that can go on; when none can, time passes until one can.
fn next(world: &World, tasks: &[Task<'_>]) -> Option<usize> {
    let alive = || tasks.iter().enumerate().filter(|(_, task)| task.work.is_some());
    let first = alive().map(|(_, task)| task.ready_at).min()?;
    let mut inner = world.lock();
    inner.now = inner.now.max(first);
    let ready: Vec<usize> =
        alive().filter(|(_, task)| task.ready_at <= inner.now).map(|(index, _)| index).collect();
    let turn = inner.below(ready.len() as u64);
    Some(ready[usize::try_from(turn).unwrap()])
}

fn step(world: &World, tasks: &mut [Task<'_>], index: usize) {
    {
        let mut inner = world.lock();
        inner.task = index;
        inner.wake = None;
    }
    let task = &mut tasks[index];
    let work = task.work.as_mut().expect("only tasks that live have a turn");
    let polled = work.as_mut().poll(&mut Context::from_waker(noop_waker_ref()));
    let inner = world.lock();
    match polled {
        Poll::Ready(()) => task.work = None,
        Poll::Pending => task.ready_at = inner.wake.expect("every wait names its end"),
    }
}

fn kill(world: &World, tasks: &mut [Task<'_>], index: usize) {
    let replica = tasks[index].replica;
    for (index, task) in tasks.iter_mut().enumerate().filter(|(_, task)| task.replica == replica) {
        if task.work.take().is_some() {
            let mut inner = world.lock();
            inner.task = index;
            inner.tell("is killed");
            inner.trouble();
        }
    }
}
