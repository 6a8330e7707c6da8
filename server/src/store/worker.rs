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

use super::trouble::Failure;
use super::{Result, StoreError, Trouble};

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
    /// Runs the closure. After an error, which has SQLite's if there was one, its changes have to be taken back.
    fn run(&mut self, connection: &Connection) -> std::result::Result<(), Option<Failure>>;
    /// Hands the result to the caller, and tells the waiters if it was committed: if there is no trouble.
    fn finish(self: Box<Self>, trouble: Option<Trouble>, on_commit: &(dyn Fn(Id) + Send + Sync));
}

trait ReadJob: Send {
    fn run(&mut self, connection: &Connection);
    /// Hands an error to the caller in place of a result.
    fn fail(&mut self, error: rusqlite::Error);
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
    let mut failure = execute(connection, "BEGIN IMMEDIATE").err().map(Failure::from);
    let has_begun = failure.is_none();
    let mut done = Vec::new();
    for mut job in jobs {
        if has_begun {
            failure = run_in_savepoint(connection, &mut *job).err();
        }
        done.push(job);
        if has_begun && failure.is_some() {
            break;
        }
    }
    if failure.is_none() {
        failure = execute(connection, "COMMIT").err().map(Failure::from);
    }
    if let Some(Failure { trouble, code, text }) = &failure {
        // One line for all of them: with a full disk every request fails.
        let (reason, changes) = (trouble.code(), done.len());
        tracing::error!(reason, code, cause = %text, changes, "a transaction was not committed: {trouble}");
        if !connection.is_autocommit() {
            let _ = execute(connection, "ROLLBACK");
        }
    }
    let trouble = failure.map(|failure| failure.trouble);
    for job in done {
        job.finish(trouble, on_commit);
    }
}

/// Runs a closure, and takes its changes back if it fails. An error is one of the whole transaction.
fn run_in_savepoint(connection: &Connection, job: &mut dyn WriteJob) -> std::result::Result<(), Failure> {
    execute(connection, "SAVEPOINT job")?;
    if let Err(cause) = job.run(connection) {
        // On errors such as a full disk SQLite may roll the whole transaction back, and this then fails.
        execute(connection, "ROLLBACK TO job").map_err(|error| cause.unwrap_or_else(|| error.into()))?;
    }
    execute(connection, "RELEASE job")?;
    if connection.is_autocommit() { Err(Failure::unexplained()) } else { Ok(()) }
}

fn read_loop(connection: &Connection, mut queue: mpsc::Receiver<Item<dyn ReadJob>>) {
    while let Some(Item::Job(mut job)) = queue.blocking_recv() {
        match execute(connection, "BEGIN") {
            Ok(()) => {
                job.run(connection);
                let _ = execute(connection, "COMMIT");
            }
            Err(error) => job.fail(error),
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
    fn run(&mut self, connection: &Connection) -> std::result::Result<(), Option<Failure>> {
        let Some(change) = self.change.take() else { return Err(None) };
        let mut transaction = Transaction { connection, touched: &mut self.touched };
        // A panic must not take the writer with it.
        let result = catch_unwind(AssertUnwindSafe(|| change(&mut transaction)));
        match self.result.insert(result.unwrap_or(Err(StoreError::Panicked))) {
            Ok(_) => Ok(()),
            Err(StoreError::Sqlite(error)) => Err(Some(Failure::from(&*error))),
            Err(_) => Err(None),
        }
    }

    fn finish(self: Box<Self>, trouble: Option<Trouble>, on_commit: &(dyn Fn(Id) + Send + Sync)) {
        let result = match (self.result, trouble) {
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(value)), None) => Ok(value),
            (_, trouble) => Err(StoreError::Transaction(trouble.unwrap_or(Trouble::Other))),
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
        let result = catch_unwind(AssertUnwindSafe(|| query(connection)));
        let _ = reply.send(result.unwrap_or(Err(StoreError::Panicked)));
    }

    fn fail(&mut self, error: rusqlite::Error) {
        if let Some(reply) = self.reply.take() {
            let _ = reply.send(Err(error.into()));
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
        assert!(matches!(panicked, Err(StoreError::Panicked)));
        store.write(|transaction| insert(transaction, 2)).await.unwrap();
        assert_eq!(count(&store).await, 1);
    }

    #[tokio::test]
    async fn a_transaction_that_sqlite_ended_fails_everything_in_it_and_nothing_after_it() {
        let (_folder, store) = store(&Arc::default());
        let rolled_back = store.write(|transaction| Ok(transaction.execute_batch("ROLLBACK")?)).await;
        assert!(matches!(rolled_back, Err(StoreError::Transaction(_))));
        store.write(|transaction| insert(transaction, 1)).await.unwrap();
        assert_eq!(count(&store).await, 1);
    }

    #[tokio::test]
    async fn a_full_database_fails_what_needs_room_by_name_and_works_again_once_there_is_some() {
        let (_folder, store) = store(&Arc::default());
        store.write(|transaction| Ok(transaction.pragma_update(None, "max_page_count", 8)?)).await.unwrap();
        let fill = |transaction: &mut Transaction<'_>| {
            transaction
                .execute_batch("CREATE TABLE big (x BLOB); INSERT INTO big VALUES (zeroblob(65536))")?;
            Ok(())
        };
        let results = tokio::join!(
            store.write(fill),
            store.write(|transaction| insert(transaction, 1)),
            store.write(fill)
        );
        for failed in [results.0, results.2] {
            assert_eq!(failed.unwrap_err().trouble(), Trouble::Full);
        }
        store
            .write(|transaction| Ok(transaction.pragma_update(None, "max_page_count", 1000)?))
            .await
            .unwrap();
        store.write(fill).await.unwrap();
    }

    #[tokio::test]
    async fn a_database_that_cannot_be_written_says_so() {
        let (_folder, store) = store(&Arc::default());
        store.write(|transaction| Ok(transaction.pragma_update(None, "query_only", "ON")?)).await.unwrap();
        let failed = store.write(|transaction| insert(transaction, 1)).await.unwrap_err();
        assert_eq!(failed.trouble(), Trouble::ReadOnly);
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
