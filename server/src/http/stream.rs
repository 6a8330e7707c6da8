//! A connection whose peer has to read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// Gives a peer that doesn't read only so much time, for whatever is ready to be sent. Reading a byte now and then gains
/// nothing: the time ends when all of it is handed to the system.
pub(super) struct WriteDeadline<S> {
    stream: S,
    limit: Duration,
    /// Runs while something can't be written.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<S> WriteDeadline<S> {
    pub(super) const fn new(stream: S, limit: Duration) -> Self {
        Self { stream, limit, timer: None }
    }

    /// What a write that isn't done comes to: it goes on waiting, or fails.
    fn wait<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(self.limit)));
        timer.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WriteDeadline<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WriteDeadline<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(cx, bytes) {
            Poll::Pending => self.wait(cx),
            done => done,
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write_vectored(cx, slices) {
            Poll::Pending => self.wait(cx),
            done => done,
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Hyper flushes once it has written all that it had.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_flush(cx) {
            Poll::Pending => self.wait(cx),
            done => {
                self.timer = None;
                done
            }
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_shutdown(cx) {
            Poll::Pending => self.wait(cx),
            done => done,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const SHORT: Duration = Duration::from_millis(1);
    const LONG: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn a_peer_that_does_not_read_loses_the_connection() {
        let (stream, _peer) = tokio::io::duplex(64);
        let mut stream = WriteDeadline::new(stream, SHORT);
        stream.write_all(&[0; 64]).await.unwrap();
        stream.flush().await.unwrap();
        let failed = stream.write_all(&[0; 1]).await.unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn reading_a_little_gains_no_time() {
        let (stream, mut peer) = tokio::io::duplex(64);
        let mut stream = WriteDeadline::new(stream, SHORT);
        let read = async {
            let mut byte = [0];
            while peer.read(&mut byte).await.is_ok_and(|count| count == 1) {
                tokio::time::sleep(SHORT).await;
            }
        };
        let write = async {
            let failed = stream.write_all(&[0; 100_000]).await.unwrap_err();
            assert_eq!(failed.kind(), io::ErrorKind::TimedOut);
            drop(stream);
        };
        tokio::join!(read, write);
    }

    #[tokio::test]
    async fn a_peer_that_reads_gets_everything() {
        let (stream, mut peer) = tokio::io::duplex(64);
        let mut stream = WriteDeadline::new(stream, LONG);
        let mut got = Vec::new();
        let write = async {
            stream.write_all(&[7; 10_000]).await.unwrap();
            stream.flush().await.unwrap();
            drop(stream);
        };
        let (_, read) = tokio::join!(write, peer.read_to_end(&mut got));
        assert_eq!((read.unwrap(), got == [7; 10_000]), (10_000, true));
    }
}
