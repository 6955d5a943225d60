//! A few threads that take jobs from one queue and send results to one receiver.
//!
//! The threads are not joined: a signal can end the command while a request is waiting for its answer,
//! and the thread then ends with the process.

use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::error::{Context, Error, Kind, Result};

pub(crate) struct Pool<J, R> {
    queue: Arc<Queue<J>>,
    results: Receiver<thread::Result<R>>,
}

struct Queue<J> {
    state: Mutex<State<J>>,
    changed: Condvar,
}

struct State<J> {
    jobs: VecDeque<J>,
    closed: bool,
}

impl<J: Send + 'static, R: Send + 'static> Pool<J, R> {
    /// Starts `workers` threads that do `work`.
    pub(crate) fn start(workers: usize, work: impl Fn(J) -> R + Send + Sync + 'static) -> Result<Self> {
        let queue = Arc::new(Queue {
            state: Mutex::new(State { jobs: VecDeque::new(), closed: false }),
            changed: Condvar::new(),
        });
        // Bounded, so that pages do not pile up in memory before the collector takes them.
        let (sender, results) = mpsc::sync_channel(workers);
        let work = Arc::new(work);
        for _ in 0..workers {
            let (queue, sender, work) = (Arc::clone(&queue), sender.clone(), Arc::clone(&work));
            let started = thread::Builder::new().spawn(move || queue.serve(&sender, &*work));
            started.context(Kind::Unexpected, || "cannot start a thread".to_owned())?;
        }
        Ok(Pool { queue, results })
    }

    pub(crate) fn push(&self, job: J) {
        self.queue.lock().jobs.push_back(job);
        self.queue.changed.notify_one();
    }

    /// The next result; `None` if none arrives within `patience`.
    pub(crate) fn next(&self, patience: Duration) -> Result<Option<R>> {
        match self.results.recv_timeout(patience) {
            Ok(Ok(result)) => Ok(Some(result)),
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => {
                Err(Error::new(Kind::Unexpected, "a worker thread failed; nothing was recorded"))
            }
            Err(RecvTimeoutError::Timeout) => Ok(None),
        }
    }
}

impl<J, R> Drop for Pool<J, R> {
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.changed.notify_all();
    }
}

impl<J> Queue<J> {
    fn serve<R>(&self, sender: &SyncSender<thread::Result<R>>, work: &impl Fn(J) -> R) {
        while let Some(job) = self.take() {
            let result = panic::catch_unwind(AssertUnwindSafe(|| work(job)));
            if sender.send(result).is_err() {
                return;
            }
        }
    }

    fn take(&self) -> Option<J> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            match state.jobs.pop_front() {
                Some(job) => return Some(job),
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// The queue is intact after a panic elsewhere, because no foreign code runs while it is locked.
    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
