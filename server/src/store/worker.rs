//! The threads that own the connections, and the group commit.
//!
//! The writer runs all closures that are queued, each in its own savepoint, in one transaction. A closure that fails
//! takes only its own changes back. Replies go out, and waiters are told, after the commit: a caller that went away
//! meanwhile changes nothing about either.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use countersign_protocol::Id;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{Result, StoreError};

/// The open database.
pub(crate) struct Store {
    writer: mpsc::Sender<Item<dyn WriteJob>>,
    readers: Vec<mpsc::Sender<Item<dyn ReadJob>>>,
    next_reader: AtomicUsize,
    threads: Mutex<Threads>,
}

#[derive(Default)]
struct Threads {
    readers: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<()>>,
}

/// What a closure writes with: the connection, and whom to tell after the commit.
pub(crate) struct Transaction<'a> {
    connection: &'a Connection,
    touched: &'a mut Vec<Id>,
}

impl Transaction<'_> {
    /// Those who wait for `id` are told after the commit.
    pub(crate) fn touch(&mut self, id: Id) {
        self.touched.push(id);
    }
}

impl std::ops::Deref for Transaction<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl Store {
    pub(super) fn start(
        writer: Connection,
        readers: Vec<Connection>,
        on_commit: Arc<dyn Fn(Id) + Send + Sync>,
    ) -> Result<Self> {
        let mut threads = Threads::default();
        let (sender, queue) = mpsc::channel(QUEUE);
        threads.writer = Some(spawn("store-writer", move || write_loop(&writer, queue, &*on_commit))?);
        let mut reader_queues = Vec::new();
        for connection in readers {
            let (sender, queue) = mpsc::channel(QUEUE);
            threads.readers.push(spawn("store-reader", move || read_loop(&connection, queue))?);
            reader_queues.push(sender);
        }
        Ok(Self {
            writer: sender,
            readers: reader_queues,
            next_reader: AtomicUsize::new(0),
            threads: Mutex::new(threads),
        })
    }

    /// Runs `change` on the writer and gives its value once it is durable. An error takes the change back.
    pub(crate) async fn write<T, F>(&self, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Transaction<'_>) -> Result<T> + Send + 'static,
    {
        let (reply, result) = oneshot::channel();
        let job = Write { change: Some(change), result: None, touched: Vec::new(), reply };
        self.writer.send(Item::Job(Box::new(job))).await.map_err(|_| StoreError::Closed)?;
        result.await.map_err(|_| StoreError::Closed)?
    }

    /// Runs `query` on a reader, on one consistent state of the database.
    pub(crate) async fn read<T, F>(&self, query: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let (reply, result) = oneshot::channel();
        let index = self.next_reader.fetch_add(1, Ordering::Relaxed) % self.readers.len().max(1);
        let reader = self.readers.get(index).ok_or(StoreError::Closed)?;
        reader
            .send(Item::Job(Box::new(Read { query: Some(query), reply: Some(reply) })))
            .await
            .map_err(|_| StoreError::Closed)?;
        result.await.map_err(|_| StoreError::Closed)?
    }

    /// Finishes what is queued and closes the file. Blocks until that is done.
    ///
    /// The writer closes last and alone: SQLite empties the write-ahead log into the database at the last close, and
    /// gives that up when another connection is closing at the same moment.
    pub(crate) fn close(&self) {
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        // A full queue is being worked off by a thread, so that blocking on it ends.
        for reader in &self.readers {
            let _ = reader.blocking_send(Item::Close);
        }
        for thread in threads.readers {
            let _ = thread.join();
        }
        let _ = self.writer.blocking_send(Item::Close);
        if let Some(thread) = threads.writer {
            let _ = thread.join();
        }
    }
}

/// Closures that may wait for a thread; more have to wait to be queued, which slows their senders down.
const QUEUE: usize = 1024;
/// Closures in one transaction.
const MAX_BATCH: usize = 256;

enum Item<J: ?Sized> {
    Job(Box<J>),
    Close,
}

trait WriteJob: Send {
    /// Runs the closure; false if its changes have to be taken back.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Hands the result to the caller, and tells the waiters if it was committed.
    fn finish(self: Box<Self>, committed: bool, on_commit: &(dyn Fn(Id) + Send + Sync));
}

trait ReadJob: Send {
    fn run(&mut self, connection: &Connection);
}

struct Write<T, F> {
    change: Option<F>,
    result: Option<Result<T>>,
    touched: Vec<Id>,
    reply: oneshot::Sender<Result<T>>,
}

struct Read<T, F> {
    query: Option<F>,
    reply: Option<oneshot::Sender<Result<T>>>,
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run).map_err(|_| StoreError::Closed)
}

fn write_loop(
    connection: &Connection,
    mut queue: mpsc::Receiver<Item<dyn WriteJob>>,
    on_commit: &(dyn Fn(Id) + Send + Sync),
) {
    let mut items = Vec::with_capacity(MAX_BATCH);
    let mut open = true;
    while open && queue.blocking_recv_many(&mut items, MAX_BATCH) > 0 {
        let mut jobs = Vec::with_capacity(items.len());
        for item in items.drain(..) {
            match item {
                Item::Job(job) => jobs.push(job),
                Item::Close => open = false,
            }
        }
        let mut jobs = jobs.into_iter().peekable();
        while jobs.peek().is_some() {
            commit_together(connection, &mut jobs, on_commit);
        }
    }
}

/// Runs and commits `jobs`, up to one after which SQLite has ended the transaction by itself.
fn commit_together(
    connection: &Connection,
    jobs: &mut impl Iterator<Item = Box<dyn WriteJob>>,
    on_commit: &(dyn Fn(Id) + Send + Sync),
) {
    let begun = execute(connection, "BEGIN IMMEDIATE");
    let mut done = Vec::new();
    let mut intact = begun.is_ok();
    for mut job in jobs {
        let kept = intact && execute(connection, "SAVEPOINT job").is_ok() && job.run(connection);
        if intact && !kept {
            // On errors such as a full disk SQLite may roll the whole transaction back, and this then fails.
            intact = execute(connection, "ROLLBACK TO job").is_ok();
        }
        intact = intact && execute(connection, "RELEASE job").is_ok() && !connection.is_autocommit();
        done.push(job);
        if begun.is_ok() && !intact {
            break;
        }
    }
    let committed = intact && execute(connection, "COMMIT").is_ok();
    if !committed {
        tracing::error!("a transaction of {} changes was not committed", done.len());
        if !connection.is_autocommit() {
            let _ = execute(connection, "ROLLBACK");
        }
    }
    for job in done {
        job.finish(committed, on_commit);
    }
}

fn read_loop(connection: &Connection, mut queue: mpsc::Receiver<Item<dyn ReadJob>>) {
    while let Some(Item::Job(mut job)) = queue.blocking_recv() {
        if execute(connection, "BEGIN").is_ok() {
            job.run(connection);
            let _ = execute(connection, "COMMIT");
        }
    }
}

fn execute(connection: &Connection, statement: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(|_| ())
}

impl<T, F> WriteJob for Write<T, F>
where
    T: Send,
    F: FnOnce(&mut Transaction<'_>) -> Result<T> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let Some(change) = self.change.take() else { return false };
        let mut transaction = Transaction { connection, touched: &mut self.touched };
        // A panic must not take the writer with it; its caller is told that nothing was committed.
        self.result = catch_unwind(AssertUnwindSafe(|| change(&mut transaction))).ok();
        matches!(self.result, Some(Ok(_)))
    }

    fn finish(self: Box<Self>, committed: bool, on_commit: &(dyn Fn(Id) + Send + Sync)) {
        let result = match self.result {
            Some(Ok(value)) if committed => Ok(value),
            Some(Err(error)) => Err(error),
            _ => Err(StoreError::NotCommitted),
        };
        if result.is_ok() {
            self.touched.iter().copied().for_each(on_commit);
        }
        let _ = self.reply.send(result);
    }
}

impl<T, F> ReadJob for Read<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T> + Send,
{
    fn run(&mut self, connection: &Connection) {
        let (Some(query), Some(reply)) = (self.query.take(), self.reply.take()) else { return };
        if let Ok(result) = catch_unwind(AssertUnwindSafe(|| query(connection))) {
            let _ = reply.send(result);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn store(told: &Arc<Mutex<Vec<Id>>>) -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let connection = crate::store::connect(&path).unwrap();
        connection.execute_batch("CREATE TABLE t (x INTEGER PRIMARY KEY)").unwrap();
        let told = Arc::clone(told);
        let store = crate::store::start(&path, connection, Arc::new(move |id| told.lock().unwrap().push(id)))
            .unwrap();
        (folder, store)
    }

    async fn count(store: &Store) -> i64 {
        store
            .read(|connection| Ok(connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?))
            .await
            .unwrap()
    }

    fn insert(transaction: &mut Transaction<'_>, x: i64) -> Result<()> {
        transaction.execute("INSERT INTO t VALUES (?1)", [x])?;
        Ok(())
    }

    #[tokio::test]
    async fn a_failing_change_takes_back_only_itself() {
        let told = Arc::default();
        let (_folder, store) = store(&told);
        let (good, bad) = (Id::make_random(), Id::make_random());
        let changes = (0..50).map(|x| {
            store.write(move |transaction| {
                insert(transaction, x)?;
                transaction.touch(if x % 2 == 0 { good } else { bad });
                if x % 2 == 0 { Ok(()) } else { insert(transaction, x) }
            })
        });
        let results = futures_util::future::join_all(changes).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 25);
        assert_eq!(count(&store).await, 25);
        let told = told.lock().unwrap();
        assert_eq!((told.len(), told.contains(&bad)), (25, false), "only what was committed is told");
    }

    #[tokio::test]
    async fn a_panic_in_a_change_is_contained() {
        let (_folder, store) = store(&Arc::default());
        let panicked = store
            .write(|transaction| -> Result<()> {
                insert(transaction, 1)?;
                panic!("planted")
            })
            .await;
        assert!(matches!(panicked, Err(StoreError::NotCommitted)));
        store.write(|transaction| insert(transaction, 2)).await.unwrap();
        assert_eq!(count(&store).await, 1);
    }

    #[tokio::test]
    async fn a_transaction_that_sqlite_ended_fails_everything_in_it_and_nothing_after_it() {
        let (_folder, store) = store(&Arc::default());
        let rolled_back = store.write(|transaction| Ok(transaction.execute_batch("ROLLBACK")?)).await;
        assert!(matches!(rolled_back, Err(StoreError::NotCommitted)));
        store.write(|transaction| insert(transaction, 1)).await.unwrap();
        assert_eq!(count(&store).await, 1);
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_leaves_its_change_committed_and_told() {
        let told = Arc::default();
        let (_folder, store) = store(&told);
        let id = Id::make_random();
        {
            let change = store.write(move |transaction| {
                transaction.touch(id);
                insert(transaction, 1)
            });
            assert!(change.now_or_never().is_none());
        }
        store.write(|transaction| insert(transaction, 2)).await.unwrap();
        assert_eq!(count(&store).await, 2);
        assert_eq!(*told.lock().unwrap(), vec![id]);
    }

    #[test]
    fn a_closed_store_has_written_what_was_queued() {
        let (folder, store) = store(&Arc::default());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(store.write(|transaction| insert(transaction, 1))).unwrap();
        store.close();
        let after = runtime.block_on(store.write(|transaction| insert(transaction, 2)));
        assert!(matches!(after, Err(StoreError::Closed)));
        let connection = Connection::open(folder.path().join("test.db")).unwrap();
        let count: i64 = connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap();
        assert_eq!(count, 1);
    }

    #[test]
    fn a_closed_store_is_one_file_with_an_empty_log() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for _ in 0..300 {
            let (folder, store) = store(&Arc::default());
            runtime.block_on(store.write(|transaction| insert(transaction, 1))).unwrap();
            runtime.block_on(count(&store));
            store.close();
            let log = std::fs::metadata(folder.path().join("test.db-wal")).map_or(0, |file| file.len());
            assert_eq!(log, 0);
        }
    }
}
