//! A small load driver: a few kept-alive connections on loopback, one request at a time on each.
//!
//! It is bounded in time and connections, and reads every answer whole. One thread a connection
//! costs the driver less than the runtime needs for one request.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Requests in flight at once. More only grow the queue of a runtime with one thread.
const CONNECTIONS: u64 = 8;

/// No single answer may take longer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// A request's body from its number, unique over all connections of a round.
pub(crate) type MakeBody = dyn Fn(u64) -> String + Sync;

/// Where and what to post.
pub(crate) struct Target<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) path: &'a str,
    /// Further header lines, each ended by CR LF.
    pub(crate) headers: &'a str,
    pub(crate) body: &'a MakeBody,
}

/// Posts for `duration` and gives the answers per second.
///
/// # Errors
/// An answer other than 200: a run with refusals measures refusals.
pub(crate) fn throughput(target: &Target<'_>, first: u64, duration: Duration) -> Result<Round> {
    let start = Instant::now();
    let counts: Vec<Result<u64>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS)
            .map(|lane| scope.spawn(move || drive(target, first + lane, start, duration)))
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("a lane panicked"))
            .collect()
    });
    let elapsed = start.elapsed().as_secs_f64();
    let answers = counts.into_iter().sum::<Result<u64>>()?;
    #[expect(clippy::cast_precision_loss, reason = "counts of seconds")]
    let per_second = answers as f64 / elapsed;
    // Lanes take every CONNECTIONS-th number; none may be used twice.
    Ok(Round {
        per_second,
        next: first + (answers + CONNECTIONS) * CONNECTIONS,
    })
}

/// One round's result.
pub(crate) struct Round {
    pub(crate) per_second: f64,
    /// A number from which a later round may count.
    pub(crate) next: u64,
}

fn drive(target: &Target<'_>, first: u64, start: Instant, duration: Duration) -> Result<u64> {
    let stream = TcpStream::connect(target.address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(ANSWER_LIMIT))?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    let mut answers = 0;
    while start.elapsed() < duration {
        let body = (target.body)(first + answers * CONNECTIONS);
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n{}\r\n",
            target.path,
            target.address,
            body.len(),
            target.headers,
        );
        writer.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
        read_answer(&mut reader)?;
        answers += 1;
    }
    Ok(answers)
}

/// Reads one answer whole: a body of known length or in chunks.
fn read_answer(reader: &mut BufReader<TcpStream>) -> Result<()> {
    let mut line = String::new();
    reader.read_line(&mut line).context("no answer")?;
    let status = line.trim().to_owned();
    let mut length = 0;
    let mut is_chunked = false;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let header = line.trim().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        is_chunked |= header.starts_with("transfer-encoding:") && header.ends_with("chunked");
    }
    let mut body = Vec::new();
    if is_chunked {
        read_chunks(reader, &mut body)?;
    } else {
        reader.by_ref().take(length).read_to_end(&mut body)?;
    }
    if !status.contains(" 200") {
        bail!("{status}: {}", String::from_utf8_lossy(&body));
    }
    Ok(())
}

fn read_chunks(reader: &mut BufReader<TcpStream>, body: &mut Vec<u8>) -> Result<()> {
    let mut line = String::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let size = u64::from_str_radix(line.trim(), 16).context("not a chunk's size")?;
        reader.by_ref().take(size).read_to_end(body)?;
        line.clear();
        reader.read_line(&mut line)?;
        if size == 0 {
            return Ok(());
        }
    }
}
