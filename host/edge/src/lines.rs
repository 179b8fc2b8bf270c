//! A body as lines (NDJSON), without holding more of it than one line and one piece of the network's.

use std::time::Duration;

use axum::body::{Body, Bytes};
use bytes::{Buf, BytesMut};
use http_body_util::BodyExt;
use memchr::memchr;
use tokio::time::timeout;

use crate::body::{incomplete, too_slow};
use crate::problem::Problem;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A line of a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// From 1; blank lines count.
    pub(crate) number: u64,
    /// Without its end; none when it is longer than the limit.
    pub(crate) bytes: Option<Bytes>,
}

/// Cuts a body into lines. They end in LF or CRLF, the last one need not; blank ones are counted and skipped, and
/// so is a byte order mark before the first.
pub(crate) struct Lines {
    body: Body,
    size_max: usize,
    idle_max: Duration,
    /// What came of the current line, and what came after it.
    buffer: BytesMut,
    /// Bytes of `buffer` that hold no line's end.
    searched: usize,
    /// The current line is longer than the limit: what comes of it is dropped.
    overlong: bool,
    number: u64,
    ended: bool,
}

impl Lines {
    /// Lines of at most `size_max` bytes; the body may be silent for `idle_max` at a time.
    pub(crate) fn new(body: Body, size_max: u64, idle_max: Duration) -> Self {
        Self {
            body,
            size_max: usize::try_from(size_max).unwrap_or(usize::MAX),
            idle_max,
            buffer: BytesMut::new(),
            searched: 0,
            overlong: false,
            number: 0,
            ended: false,
        }
    }

    /// The next line that is not blank; none at the end.
    ///
    /// # Errors
    /// A problem when the body stops coming before its end.
    pub(crate) async fn next(&mut self) -> Result<Option<Line>, Problem> {
        loop {
            if let Some(end) = memchr(b'\n', &self.buffer[self.searched..]) {
                let line = self.buffer.split_to(self.searched + end);
                self.buffer.advance(1);
                if let Some(line) = self.finish(line) {
                    return Ok(Some(line));
                }
                continue;
            }
            self.searched = self.buffer.len();
            // One more than the limit may be the CR of a line's end.
            if self.searched > self.size_max.saturating_add(1 + BYTE_ORDER_MARK.len()) {
                self.overlong = true;
                self.buffer.clear();
                self.searched = 0;
            }
            if self.ended {
                let rest = self.buffer.split();
                return Ok(if rest.is_empty() && !self.overlong { None } else { self.finish(rest) });
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> Result<(), Problem> {
        match timeout(self.idle_max, self.body.frame()).await {
            Err(_) => Err(too_slow(self.idle_max)),
            Ok(Some(Err(_))) => Err(incomplete()),
            Ok(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    self.buffer.extend_from_slice(&data);
                }
                Ok(())
            }
            Ok(None) => {
                self.ended = true;
                Ok(())
            }
        }
    }

    /// A whole line, without its end; none when it is blank.
    fn finish(&mut self, line: BytesMut) -> Option<Line> {
        self.number += 1;
        self.searched = 0;
        let overlong = std::mem::take(&mut self.overlong);
        let mut bytes = line.freeze();
        if self.number == 1 && bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.advance(BYTE_ORDER_MARK.len());
        }
        if bytes.last() == Some(&b'\r') {
            bytes.truncate(bytes.len() - 1);
        }
        if overlong || bytes.len() > self.size_max {
            return Some(Line { number: self.number, bytes: None });
        }
        let blank = bytes.iter().all(u8::is_ascii_whitespace);
        (!blank).then_some(Line { number: self.number, bytes: Some(bytes) })
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream::{iter, pending};
    use http_body_util::StreamBody;
    use hyper::body::Frame;
    use proptest::prelude::*;

    use super::*;
    use crate::code::Code;

    const IDLE: Duration = Duration::from_secs(30);

    fn in_pieces(pieces: Vec<Vec<u8>>) -> Body {
        let frames = pieces.into_iter().map(|piece| Ok::<_, Infallible>(Frame::data(Bytes::from(piece))));
        Body::new(StreamBody::new(iter(frames)))
    }

    async fn read(body: Body, size_max: u64) -> Vec<(u64, Option<String>)> {
        let mut lines = Lines::new(body, size_max, IDLE);
        let mut all = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            all.push((line.number, line.bytes.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())));
        }
        all
    }

    fn line(number: u64, text: &str) -> (u64, Option<String>) {
        (number, Some(text.to_owned()))
    }

    #[tokio::test]
    async fn lines_end_in_lf_or_crlf_and_the_last_need_not() {
        for (body, want) in [
            ("", vec![]),
            ("\n\n", vec![]),
            ("a", vec![line(1, "a")]),
            ("a\nb\n", vec![line(1, "a"), line(2, "b")]),
            ("a\r\nb", vec![line(1, "a"), line(2, "b")]),
            ("\u{feff}a\n\u{feff}b", vec![line(1, "a"), line(2, "\u{feff}b")]),
            ("\u{feff}\r\na", vec![line(2, "a")]),
            ("a\n \t\r\n\nb", vec![line(1, "a"), line(4, "b")]),
        ] {
            assert_eq!(read(Body::from(body), 10).await, want, "{body:?}");
        }
    }

    #[tokio::test]
    async fn a_line_over_the_limit_is_dropped_alone() {
        for (body, want) in [
            ("1234\n5", vec![line(1, "1234"), line(2, "5")]),
            ("1234\r\n5", vec![line(1, "1234"), line(2, "5")]),
            ("\u{feff}1234\r\n5", vec![line(1, "1234"), line(2, "5")]),
            ("12345\n6", vec![(1, None), line(2, "6")]),
            ("123456789012345\n6\n", vec![(1, None), line(2, "6")]),
            ("1\n123456789012345", vec![line(1, "1"), (2, None)]),
        ] {
            assert_eq!(read(Body::from(body), 4).await, want, "{body:?}");
            let bytes = body.bytes().map(|byte| vec![byte]).collect();
            assert_eq!(read(in_pieces(bytes), 4).await, want, "{body:?} byte by byte");
        }
    }

    #[tokio::test]
    async fn an_endless_line_is_not_held() {
        let mut pieces = vec![vec![b'x'; 1000]; 1000];
        pieces.push(b"\nafter".to_vec());
        let mut lines = Lines::new(in_pieces(pieces), 64, IDLE);
        assert_eq!(lines.next().await.unwrap(), Some(Line { number: 1, bytes: None }));
        assert!(lines.buffer.capacity() < 8_000, "{}", lines.buffer.capacity());
        assert_eq!(lines.next().await.unwrap().unwrap().bytes.unwrap(), "after");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_falls_silent_is_given_up() {
        let body = Body::new(StreamBody::new(pending::<Result<Frame<Bytes>, Infallible>>()));
        let problem = Lines::new(body, 64, IDLE).next().await.unwrap_err();
        assert_eq!(problem.code(), Code::RequestTimeout);
    }

    proptest! {
        #[test]
        fn where_the_network_cuts_changes_nothing(
            lines in prop::collection::vec("[a-c \r]{0,12}", 0..20),
            cuts in prop::collection::vec(1_usize..9, 1..60),
        ) {
            let text = lines.join("\n");
            let mut pieces = Vec::new();
            let mut rest = text.as_bytes();
            for cut in cuts {
                let (piece, tail) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece.to_vec());
                rest = tail;
            }
            pieces.push(rest.to_vec());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let (whole, cut) = runtime.block_on(async { (read(Body::from(text), 8).await, read(in_pieces(pieces), 8).await) });
            prop_assert_eq!(whole, cut);
        }
    }
}
